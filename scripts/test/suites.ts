// Which tests there are, in the order in which they run. A suite is a set of folders: where a test lies says what it
// needs.
import { globSync } from "node:fs";
import { join } from "node:path";

export interface Suite {
  /** Starts no server and no model: part of `--fast`. Python's suite leaves out what is marked `integration`. */
  fast: boolean;
  /** Files run in one process, not each in its own: they change nothing that others see. */
  isShared: boolean;
  /** Part of `npm test`. */
  usual: boolean;
  /** Longest that one test may take. */
  timeoutMs: number;
  patterns: string[];
  except?: string[];
}

export type SuiteName = "unit" | "integration" | "python" | "e2e" | "chaos";

export const root = join(import.meta.dirname, "../..");

export const suites: Record<SuiteName, Suite> = {
  unit: {
    fast: true,
    isShared: true,
    usual: true,
    timeoutMs: 60_000,
    patterns: [
      "{schemas,services,observability,scripts,bench}/**/*.test.ts",
      "tests/{kit,contract,behaviour}/**/*.test.ts",
    ],
  },
  integration: {
    fast: false,
    isShared: false,
    usual: true,
    timeoutMs: 120_000,
    patterns: ["tests/**/*.test.ts"],
    except: ["tests/{kit,contract,behaviour,e2e,chaos}/**"],
  },
  python: {
    fast: true,
    isShared: false,
    usual: true,
    timeoutMs: 120_000,
    patterns: ["python-pools/tests/**/test_*.py"],
  },
  e2e: {
    fast: false,
    isShared: false,
    usual: true,
    timeoutMs: 300_000,
    patterns: ["tests/e2e/**/*.test.ts", "examples/**/*.test.ts"],
  },
  chaos: {
    fast: false,
    isShared: false,
    usual: false,
    timeoutMs: 1_800_000,
    patterns: ["tests/chaos/**/*.test.ts"],
  },
};

/** The suite's files that lie under a path with one of the filters in it; all where there is no filter. */
export function filesOf(suite: Suite, filters: string[]): string[] {
  const files = globSync(suite.patterns, { cwd: root, exclude: suite.except ?? [] }).sort();
  return filters.length === 0
    ? files
    : files.filter((file) => filters.some((filter) => file.includes(filter)));
}
