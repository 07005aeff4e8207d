// The application of the end-to-end tests: one program for each kind of implementation, small pools.

import {
  defineConfig,
  defineProgram,
  dspy,
  native,
  plain,
  python,
  structured,
} from "../../../services/programs/define.ts";

const ONE = { processes: 1, maxRssBytes: 4 * 1_073_741_824 };

export default defineConfig({
  modules: ["modules"],
  pools: {
    general: { slots: 8, ...ONE },
    optimizer: { slots: 2, ...ONE },
    neural: { slots: 4, ...ONE },
  },
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [native("upper", ({ text }) => ({ loud: text.toUpperCase() }), { inline: true })],
    }),
    defineProgram("color", "thing: str -> color: Literal['red', 'green', 'blue']", {
      implementations: [structured("structured")],
    }),
    defineProgram("greet", "name: str -> greeting: str", {
      implementations: [
        plain("plain", {
          prompt: "Say hello to {{name}} in one short sentence.",
          temperature: 0,
          maxTokens: 120,
        }),
      ],
    }),
    defineProgram("answer", "question: str -> answer: str", {
      implementations: [
        dspy("predict", { pool: "general", module: "Predict", temperature: 0, maxTokens: 120 }),
      ],
    }),
    defineProgram("pinged", "note: str -> ok: bool, pool: str", {
      implementations: [python("ping", { pool: "optimizer", entry: "ping" })],
    }),
    // Its module is in modules/slow.py.
    defineProgram("slow", "seconds: float -> slept: float, pid: int", {
      implementations: [python("sleep", { pool: "general", entry: "slow" })],
    }),
  ],
});
