// The tools that look after the code, each in its reading and its writing form. `check` runs the first, `fix` the
// second, so that the two can never disagree about what is right.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export interface Tool {
  name: string;
  command: string[];
  folder?: string;
}

export interface Outcome {
  tool: Tool;
  passed: boolean;
  output: string;
  durationMs: number;
}

const root = join(import.meta.dirname, "..");
const python = join(root, ".venv/bin/python");
const pools = join(root, "python-pools");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const generate = ["node", "scripts/generate-schemas.ts"];

export const readers: Tool[] = [
  { name: "types of Python (mypy)", command: [python, "-m", "mypy"], folder: pools },
  { name: "types of TypeScript (tsc)", command: [bin("tsc"), "--noEmit"] },
  { name: "rules and format of TypeScript (biome)", command: [bin("biome"), "check", "--error-on-warnings"] },
  { name: "unused code and packages (knip)", command: [bin("knip"), "--no-progress"] },
  { name: "rules of Python (ruff check)", command: [python, "-m", "ruff", "check"], folder: pools },
  {
    name: "format of Python (ruff format)",
    command: [python, "-m", "ruff", "format", "--check"],
    folder: pools,
  },
  { name: "generated files", command: [...generate, "--check"] },
];

export const writers: Tool[] = [
  { name: "generated files", command: generate },
  { name: "rules and format of TypeScript (biome)", command: [bin("biome"), "check", "--write"] },
  { name: "rules of Python (ruff check)", command: [python, "-m", "ruff", "check", "--fix"], folder: pools },
  { name: "format of Python (ruff format)", command: [python, "-m", "ruff", "format"], folder: pools },
];

/** Runs the tools, `parallel` at a time, with one line each as it ends, and shows at the end what failed and why. */
export async function runTools(tools: Tool[], parallel = availableParallelism()): Promise<Outcome[]> {
  const waiting = [...tools];
  const outcomes: Outcome[] = [];
  const work = async () => {
    for (let tool = waiting.shift(); tool !== undefined; tool = waiting.shift()) {
      const outcome = await runTool(tool);
      console.log(`${outcome.passed ? "✓" : "✗"} ${tool.name}  ${seconds(outcome.durationMs)}`);
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  for (const { tool, output, passed } of outcomes) {
    if (!passed) console.log(`\n── ${tool.name}: ${tool.command.slice(1).join(" ")}\n${output.trimEnd()}`);
  }
  return outcomes;
}

function runTool(tool: Tool): Promise<Outcome> {
  const startedAt = performance.now();
  const [program = "", ...args] = tool.command;
  const colour = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: "1" } : {};
  const child = spawn(program, args, { cwd: tool.folder ?? root, env: { ...process.env, ...colour } });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => output.push(text));
  return new Promise((resolve) => {
    const end = (passed: boolean) => {
      resolve({ tool, passed, output: output.join(""), durationMs: performance.now() - startedAt });
    };
    child.once("error", (error) => {
      output.push(error.message);
      end(false);
    });
    child.once("close", (code) => end(code === 0));
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
