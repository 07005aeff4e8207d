// `summarize`: a plain call that streams, a DSPy module, and sentences of the text itself where no model answers.

import { defineProgram, dspy, native, plain } from "../../programs/define.ts";
import { summarizeByExtract } from "./extractive-summary.ts";

export const summarize = defineProgram(
  "summarize",
  '"Summarize the text in one or two sentences." text: str(min_length=1) -> summary: str',
  {
    description: "Says in a sentence or two what a text says.",
    implementations: [
      plain("plain", {
        prompt: "{{text}}\n\nSummarize the text above in one or two sentences.",
        temperature: 0,
        maxTokens: 160,
      }),
      dspy("predict", { pool: "general", module: "Predict", temperature: 0, maxTokens: 240 }),
      native("extractive", ({ text }) => ({ summary: summarizeByExtract(text) }), { lastResort: true }),
    ],
  },
);
