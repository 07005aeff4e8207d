// `sentiment`: the same question answered in three ways, which differ in quality, time and cost: routing has something
// to choose. Figures in examples/datasets/README.md.

import { defineProgram, dspy, native, structured } from "../../programs/define.ts";
import { sentimentOf } from "./sentiment-lexicon.ts";

export const sentiment = defineProgram(
  "sentiment",
  '"Is the sentiment positive or negative?" text: str -> label: Literal["positive", "negative"]',
  {
    description: "Whether a text speaks well or badly of something.",
    implementations: [
      structured("structured", { temperature: 0, maxTokens: 40 }),
      native("lexicon", ({ text }) => ({ label: sentimentOf(text) }), { inline: true }),
      dspy("predict", { pool: "general", module: "Predict", temperature: 0, maxTokens: 100 }),
    ],
  },
);
