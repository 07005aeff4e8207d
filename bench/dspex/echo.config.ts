// The application that is measured: programs that give back what they get, in the router itself and in a Python pool
// of one process, and two with a `dspy.Predict` whose model is no model.

import { defineConfig, defineProgram, native, python } from "../../services/programs/define.ts";

export default defineConfig({
  embeddedModel: false,
  modules: ["../python/modules"],
  // A pool wants a model before it runs users' modules; these bring their own and never call it.
  models: {
    default: "never-called",
    models: {
      "never-called": {
        provider: "openai-compatible",
        model: "none",
        baseUrl: "http://127.0.0.1:9/v1",
        contextTokens: 2_048,
      },
    },
  },
  pools: {
    general: { slots: 32, processes: 1 },
    optimizer: { slots: 1, processes: 0 },
    neural: { slots: 1, processes: 0 },
  },
  programs: [
    defineProgram("echo", "text: str -> echo: str", {
      implementations: [native("native", ({ text }) => ({ echo: text }), { inline: true })],
    }),
    defineProgram("echo-python", "text: str -> echo: str", {
      implementations: [python("python", { pool: "general", entry: "echo" })],
    }),
    defineProgram("instant-predict", "question: str -> answer: str", {
      implementations: [python("predict", { pool: "general", entry: "instant-predict" })],
    }),
    defineProgram("slow-predict", "question: str -> answer: str", {
      implementations: [python("predict", { pool: "general", entry: "slow-predict" })],
    }),
  ],
});
