// `answer`: a question answered step by step, or at once as a stream.

import { defineProgram, dspy, plain } from "../../programs/define.ts";

export const answer = defineProgram(
  "answer",
  '"Answer the question in one sentence." question: str(min_length=1) -> answer: str',
  {
    description: "Answers a question from what the model knows.",
    implementations: [
      dspy("chain-of-thought", { pool: "general", module: "ChainOfThought", temperature: 0, maxTokens: 300 }),
      plain("direct", {
        prompt: "{{question}}\n\nAnswer in one sentence.",
        temperature: 0,
        maxTokens: 200,
      }),
    ],
  },
);
