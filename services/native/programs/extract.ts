// `extract`: nested data out of a text.

import { defineProgram, dspy, structured } from "../../programs/define.ts";

export const extract = defineProgram(
  "extract",
  `"Extract the order from the message."
   text: str(min_length=1)
   -> order: {
        customer: str "the customer's name",
        items: list[{name: str, quantity: int(ge=1)}](max_length=20) "what is ordered",
        email: str | None,
      }`,
  {
    description: "Reads who orders what out of a message.",
    implementations: [
      structured("structured", { temperature: 0, maxTokens: 400 }),
      dspy("predict", { pool: "general", module: "Predict", temperature: 0, maxTokens: 400 }),
    ],
  },
);
