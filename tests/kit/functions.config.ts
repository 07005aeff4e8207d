// The native programs that tests of the router use: well-behaved ones and the other kind.

import { DspexError } from "../../schemas/errors.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";

/** How often each function ran in this process, by key of the inputs. */
export const runs = new Map<string, number>();

export default defineConfig({
  programs: [
    defineProgram("echo", "text: str -> echo: str", {
      implementations: [native("native", ({ text }) => ({ echo: text }), { inline: true })],
    }),
    defineProgram("count", "key: str -> runs: int", {
      implementations: [
        native(
          "native",
          async ({ key }) => {
            const n = (runs.get(key) ?? 0) + 1;
            runs.set(key, n);
            return { runs: n };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("add", "a: int, b: int = 1 -> sum: int", {
      implementations: [native("native", ({ a, b }) => ({ sum: a + b }))],
    }),
    defineProgram("throws", "text: str -> never: str", {
      implementations: [
        native(
          "native",
          () => {
            throw new Error("thrown by the function");
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("refuses", "text: str -> never: str", {
      implementations: [
        native("native", () => {
          throw new DspexError("budget_exceeded", "too dear");
        }),
      ],
    }),
    defineProgram("wrong", "text: str -> number: int", {
      implementations: [native("native", () => ({ number: "no number" }) as never, { inline: true })],
    }),
    defineProgram("forever", "text: str -> never: str", {
      implementations: [
        native(
          "native",
          () => {
            for (;;);
          },
          { timeoutMs: 1_000 },
        ),
      ],
    }),
    defineProgram("stuck", "text: str -> never: str", {
      implementations: [
        native(
          "native",
          () => {
            for (;;);
          },
          { timeoutMs: 60_000 },
        ),
      ],
    }),
    defineProgram("slow", "ms: int -> slept: int", {
      implementations: [
        native(
          "native",
          async ({ ms }, { signal }) => {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, ms);
              signal.addEventListener("abort", () => {
                clearTimeout(timer);
                resolve();
              });
            });
            return { slept: ms };
          },
          { inline: true, timeoutMs: 60_000 },
        ),
      ],
    }),
    defineProgram("fallback", "text: str -> by: str", {
      implementations: [
        native(
          "first",
          () => {
            throw new Error("the first never works");
          },
          { inline: true },
        ),
        native("second", () => ({ by: "second" }), { inline: true, lastResort: true }),
      ],
    }),
    defineProgram("large", "size: int -> text: str", {
      implementations: [native("native", ({ size }) => ({ text: "x".repeat(size) }), { inline: true })],
    }),
    defineProgram("length", "text: str -> length: int", {
      implementations: [native("native", ({ text }) => ({ length: text.length }), { inline: true })],
    }),
    defineProgram("waits", "text: str -> echo: str", {
      implementations: [{ name: "predict", kind: "dspy", pool: "general", module: "Predict" }],
    }),
  ],
});
