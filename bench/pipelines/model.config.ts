// The application of the pipelines benchmark: a function in the router, and a call of a model that takes a fixed time.

import { defineConfig, defineProgram, native, plain } from "../../services/programs/define.ts";

export default defineConfig({
  embeddedModel: false,
  models: {
    default: "scripted",
    models: {
      scripted: {
        provider: "openai-compatible",
        model: "scripted",
        // The benchmark's own server, which answers after a while.
        baseUrl: process.env.BENCH_MODEL_URL ?? "http://127.0.0.1:9/v1",
        contextTokens: 2_048,
      },
    },
  },
  programs: [
    defineProgram("echo", "text: str -> echo: str", {
      implementations: [native("native", ({ text }) => ({ echo: text }), { inline: true })],
    }),
    defineProgram("ask", "question: str -> answer: str", {
      implementations: [plain("plain", { prompt: "{{question}}" })],
    }),
  ],
});
