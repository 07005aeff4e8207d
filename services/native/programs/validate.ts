// `validate`: checks that are told as data, of any value. The twin in Python (python-modules/native_validators) finds the
// same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { all, readCheck, toWireVerdict, validate } from "../modules/validators/mod.ts";

export const validateProgram = defineProgram(
  "validate",
  `value: Any,
   checks: list[dict](min_length=1, max_length=64) "such as {check: length, unit: words, max: 100}"
   -> valid: bool,
   score: float(ge=0, le=1) | None "share of what was looked at that is right",
   problems: list[{path: str, message: str, span: {start: int, end: int} | None "in code points"}]`,
  {
    description:
      "Checks a text or JSON value: JSON, schema, length, pattern, language, PII, quotes, arithmetic, …",
    implementations: [
      native("native", ({ value, checks }) => {
        const verdicts = checks.map((check) => validate(value, readCheck(check)));
        const { valid, score, problems } = toWireVerdict(all(verdicts), value);
        return {
          valid,
          score: score ?? null,
          problems: problems.map(({ path, message, span }) => ({ path, message, span: span ?? null })),
        };
      }),
      python("python", { pool: "general", entry: "validate", lastResort: true }),
    ],
  },
);
