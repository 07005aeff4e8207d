// The application of the tests of traces: a program for each way that a request can take, on a model that says what
// the test wants.

import {
  defineConfig,
  defineProgram,
  dspy,
  native,
  python,
  structured,
} from "../../../services/programs/define.ts";

const NONE = { slots: 1, processes: 0 };

export default defineConfig({
  modules: ["modules"],
  pools: { general: { slots: 8 }, optimizer: NONE, neural: NONE },
  embeddedModel: false,
  models: {
    default: "fake",
    models: {
      fake: {
        model: "fake-model",
        baseUrl: process.env.DSPEX_TEST_MODEL_URL ?? "",
        apiKeyEnv: "DSPEX_TEST_MODEL_KEY",
        capabilities: { responseSchema: true },
      },
    },
  },
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [native("upper", ({ text }) => ({ loud: text.toUpperCase() }), { inline: true })],
    }),
    defineProgram("dawdle", "text: str -> loud: str", {
      implementations: [
        native(
          "blocking",
          ({ text }) => {
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40);
            return { loud: text };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("color", "thing: str -> color: Literal['red', 'green', 'blue']", {
      implementations: [structured("structured", { temperature: 0.5 })],
    }),
    defineProgram("reason", "question: str -> answer: str", {
      implementations: [dspy("thoughtful", { pool: "general", module: "ChainOfThought", temperature: 0.25 })],
    }),
    defineProgram("clerk", "question: str -> answer: str", {
      implementations: [
        dspy("agent", {
          pool: "general",
          module: "ReAct",
          tools: [{ python: "population" }, { program: "shout" }],
        }),
      ],
    }),
    defineProgram("raises", "question: str -> answer: str", {
      implementations: [python("raises", { pool: "general", entry: "raises" })],
    }),
    defineProgram("again", "question: str -> answer: str", {
      implementations: [
        native(
          "never",
          ({ question }) => {
            throw new Error(`does not know ${question}`);
          },
          { inline: true },
        ),
        // Chance may choose it first otherwise.
        python("speaks", { pool: "general", entry: "speaks", lastResort: true }),
      ],
    }),
  ],
});
