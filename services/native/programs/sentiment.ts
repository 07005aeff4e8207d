// `sentiment`: the same question answered in five ways, which differ in quality, time and cost: routing has something
// to choose, and something to learn. Figures in examples/datasets/README.md.

import { choice, defineProgram, dspy, native, structured } from "../../programs/define.ts";
import { sentimentOf } from "./sentiment-lexicon.ts";
import { CALIBRATION, DEMOS } from "./sentiment-samples.ts";

const PREDICT = { pool: "general", module: "Predict", temperature: 0, maxTokens: 100 } as const;

export const sentiment = defineProgram(
  "sentiment",
  '"Is the sentiment positive or negative?" text: str -> label: Literal["positive", "negative"]',
  {
    description: "Whether a text speaks well or badly of something.",
    implementations: [
      structured("structured", { temperature: 0, maxTokens: 40 }),
      choice("choice", { prompt: "Sentence: {{text}}\nSentiment:", calibration: CALIBRATION }),
      native("lexicon", ({ text }) => ({ label: sentimentOf(text) }), { inline: true }),
      dspy("predict", PREDICT),
      dspy("few-shot", { ...PREDICT, demos: DEMOS }),
    ],
  },
);
