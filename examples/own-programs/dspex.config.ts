// An application with models and programs of its own. Run it: `dspex up --config examples/own-programs/dspex.config.ts`.

import { defineConfig, defineProgram, dspy, native, plain, python, structured } from "dspex/config";

// #region program
const triage = defineProgram(
  "triage",
  `"Which team should answer the message?"
   message: str(min_length=1), language: str = "en"
   -> team: Literal["billing", "technical", "sales"], urgent: bool`,
  {
    description: "Sends a customer's message to the team that can answer it.",
    implementations: [
      structured("careful", { model: "large", temperature: 0 }),
      dspy("predict", { pool: "general", module: "Predict" }),
      native(
        "keywords",
        ({ message }) => ({
          team: /invoice|refund/i.test(message)
            ? "billing"
            : /error|crash/i.test(message)
              ? "technical"
              : "sales",
          urgent: message.includes("!"),
        }),
        { inline: true, lastResort: true },
      ),
    ],
  },
);
// #endregion

// #region plain
const poem = defineProgram("poem", "topic: str, lines: int(ge=2, le=20) = 4 -> poem: str", {
  implementations: [
    plain("poet", { prompt: "Write a poem of {{lines}} lines about {{topic}}.", temperature: 0.8 }),
  ],
});
// #endregion

// #region python
const reply = defineProgram("reply", "message: str, facts: list[str] -> reply: str(max_length=1000)", {
  implementations: [python("draft-and-check", { pool: "general", entry: "draft-and-check" })],
});
// #endregion

// #region agent
const clerk = defineProgram("clerk", "question: str -> answer: str", {
  implementations: [
    dspy("agent", {
      pool: "general",
      module: "ReAct",
      model: "large",
      tools: [{ program: "triage" }, { python: "opening-hours" }],
      parameters: { maxIters: 5 },
    }),
  ],
});
// #endregion

export default defineConfig({
  // #region models
  models: {
    default: "local",
    models: {
      large: {
        provider: "@ai-sdk/anthropic",
        model: "claude-sonnet-4-5",
        dspyModel: "anthropic/claude-sonnet-4-5",
        apiKeyEnv: "ANTHROPIC_API_KEY",
        capabilities: { responseSchema: true, tools: true, vision: true },
        price: { inputPerMillionUsd: 3, outputPerMillionUsd: 15 },
        contextTokens: 200_000,
        maxTokens: 2_000,
      },
      // `local`, the embedded model, is added by itself.
    },
  },
  // #endregion
  programs: [triage, poem, reply, clerk],
  modules: ["./python-modules"],
});
