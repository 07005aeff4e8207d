// `topic`: what a sentence of the news is about, answered in the same five ways as `sentiment`; which of them is best is
// another matter here. Figures in examples/datasets/README.md.

import { choice, defineProgram, dspy, native, structured } from "../../programs/define.ts";
import { topicOf } from "./topic-lexicon.ts";
import { CALIBRATION, DEMOS } from "./topic-samples.ts";

const PREDICT = { pool: "general", module: "Predict", temperature: 0, maxTokens: 100 } as const;

export const topic = defineProgram(
  "topic",
  '"Is the topic sports, politics, science or business?" text: str -> label: Literal["sports", "politics", "science", "business"]',
  {
    description: "What a sentence of the news is about.",
    implementations: [
      structured("structured", { temperature: 0, maxTokens: 40 }),
      choice("choice", { prompt: "News: {{text}}\nTopic:", calibration: CALIBRATION }),
      native("lexicon", ({ text }) => ({ label: topicOf(text) }), { inline: true }),
      dspy("predict", PREDICT),
      dspy("few-shot", { ...PREDICT, demos: DEMOS }),
    ],
  },
);
