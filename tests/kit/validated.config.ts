// Programs with validators: some that an answer may not fail, some that it is scored by.

import { defineConfig, defineProgram, dspy, native, structured } from "../../services/programs/define.ts";

// #region brief
const brief = defineProgram("brief", "question: str, documents: list[str] -> answer: str", {
  implementations: [
    structured("small"),
    dspy("predict", { pool: "general", module: "Predict" }),
    native("first", ({ documents }) => ({ answer: `“${documents[0]}” [1]` }), {
      inline: true,
      lastResort: true,
    }),
  ],
  validators: [
    {
      name: "short",
      output: "answer",
      kind: "length",
      options: { unit: "words", max: 12 },
      onFailure: "fail",
    },
    { name: "private", output: "answer", kind: "pii", onFailure: "fail" },
    {
      name: "cited",
      output: "answer",
      kind: "citations",
      options: { sourcesFrom: "documents" },
      onFailure: "score",
    },
    {
      name: "quoted",
      output: "answer",
      kind: "quotes",
      options: { sourcesFrom: "documents" },
      onFailure: "score",
    },
  ],
});
// #endregion

/** The one that is declared first gives sums that are wrong. */
const sum = defineProgram("sum", "a: int, b: int -> line: str", {
  implementations: [
    native("sloppy", ({ a, b }) => ({ line: `${a} + ${b} = ${Number(a) + Number(b) + 1}` }), {
      inline: true,
    }),
    native("careful", ({ a, b }) => ({ line: `${a} + ${b} = ${Number(a) + Number(b)}` }), { inline: true }),
  ],
  routing: { prefer: "quality" },
  validators: [{ output: "line", kind: "arithmetic", onFailure: "score" }],
});

/** Answers too long to be looked at in the router's own thread. */
const long = defineProgram("long", "word: str, times: int -> text: str", {
  implementations: [
    native("repeat", ({ word, times }) => ({ text: `${word} `.repeat(Number(times)) }), { inline: true }),
    native("cut", () => ({ text: "" }), { inline: true, lastResort: true }),
  ],
  validators: [
    { output: "text", kind: "pattern", options: { pattern: "(a|aa)+b", match: "none" }, onFailure: "fail" },
    { output: "text", kind: "length", options: { unit: "words", max: 5_000 }, onFailure: "score" },
  ],
});

const never = defineProgram("never", "text: str -> mail: str", {
  implementations: [native("only", ({ text }) => ({ mail: text }), { inline: true })],
  validators: [{ output: "mail", kind: "format", options: { format: "email" }, onFailure: "fail" }],
});

export default defineConfig({ programs: [brief, sum, long, never] });
