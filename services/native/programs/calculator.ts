// `calculator`: exact arithmetic, also as a tool of agents.

import { defineProgram, native } from "../../programs/define.ts";
import { toDouble, toText } from "./exact-number.ts";
import { computeExpression } from "./expression.ts";

export const calculator = defineProgram(
  "calculator",
  `"Computes an arithmetic expression."
   expression: str(min_length=1) "such as 17*23, (2+3)/4, 2**64, sqrt(2)"
   -> result: float "the nearest double", exact: str "all digits, or a fraction such as 1/3"`,
  {
    description: "Computes an arithmetic expression: + - * / // % ** ( ), sqrt, abs, min, max, round, pi.",
    implementations: [
      native(
        "exact",
        ({ expression }) => {
          const value = computeExpression(expression);
          return { result: toDouble(value), exact: toText(value) };
        },
        { inline: true },
      ),
    ],
  },
);
