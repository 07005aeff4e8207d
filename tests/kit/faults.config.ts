// Programs whose every run leaves a trace in a file, so that runs are counted whatever dies meanwhile. Each answers
// with the key that it was asked with.

import { appendFileSync } from "node:fs";
import { DspexError } from "../../schemas/errors.ts";
import { defineConfig, defineProgram, native, python } from "../../services/programs/define.ts";

/** One short write in append mode is whole, also with several processes. */
function leaveTrace(key: string): void {
  appendFileSync(process.env.DSPEX_TEST_RUNS as string, `${key} ${Date.now()} ${process.pid}\n`);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const inPool = (entry: string) => python("python", { pool: "general", entry });

export default defineConfig({
  programs: [
    defineProgram("tally", "key: str -> seen: str", {
      implementations: [
        native(
          "inline",
          ({ key }) => {
            leaveTrace(key);
            return { seen: key };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("tally_slow", "key: str, ms: int -> seen: str", {
      implementations: [
        native(
          "inline",
          async ({ key, ms }) => {
            leaveTrace(key);
            await sleep(ms);
            return { seen: key };
          },
          { inline: true, timeoutMs: 120_000 },
        ),
      ],
    }),
    defineProgram("tally_thread", "key: str -> seen: str", {
      implementations: [
        native("thread", async ({ key }) => {
          leaveTrace(key);
          await sleep(5);
          return { seen: key };
        }),
      ],
    }),
    defineProgram("tally_python", "key: str -> seen: str", {
      implementations: [inPool("tally_python")],
    }),
    defineProgram("tally_flaky", "key: str -> seen: str", { implementations: [inPool("tally_flaky")] }),
    defineProgram("tally_fallback", "key: str -> seen: str", {
      implementations: [
        native(
          "never",
          () => {
            throw new DspexError("lm_unavailable", "the first never works");
          },
          { inline: true },
        ),
        inPool("tally_python"),
      ],
    }),
    defineProgram("fails", "key: str -> seen: str", {
      implementations: [
        native(
          "inline",
          () => {
            throw new DspexError("output_invalid", "never works");
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("shouts", "key: str -> seen: str", {
      implementations: [
        native(
          "inline",
          () => {
            throw new DspexError("budget_exceeded", "!".repeat(2_000_000), {
              details: "!".repeat(2_000_000),
            });
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("anything", "value: Any -> value_back: Any", {
      implementations: [native("inline", ({ value }) => ({ value_back: value }), { inline: true })],
    }),
  ],
});
