// `redact-pii`: personal data taken out of a value. The twin in Python (python-modules/native_validators) finds the same and
// is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { locatePii, redactPii } from "../modules/validators/mod.ts";

export const redactPiiProgram = defineProgram(
  "redact-pii",
  `value: Any "a text, or a JSON value with texts",
   kinds: list[Literal["email", "iban", "card", "ssn", "ip", "phone"]]
     = ["email", "iban", "card", "ssn", "ip", "phone"],
   allow: list[str] = [] "what may stay, as written"
   -> redacted: Any,
   found: list[{path: str, kind: Literal["email", "iban", "card", "ssn", "ip", "phone"],
     start: int "in code points", end: int}]`,
  {
    description: "Replaces e-mail addresses, account, card, phone and social security numbers, IP addresses.",
    implementations: [
      native("native", ({ value, kinds, allow }) => ({
        redacted: redactPii(value, { kinds, allow }),
        found: locatePii(value, { kinds, allow }),
      })),
      python("python", { pool: "general", entry: "redact-pii", lastResort: true }),
    ],
  },
);
