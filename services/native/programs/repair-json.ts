// `repair-json`: the JSON in what a model wrote. The twin in Python (python-modules/native_validators) finds the same where
// a text is JSON or has some, repairs with another library, and is asked by its name only.

import { DspexError } from "../../../schemas/errors.ts";
import { defineProgram, native, python } from "../../programs/define.ts";
import { readJson } from "../modules/validators/mod.ts";

export const repairJsonProgram = defineProgram(
  "repair-json",
  `text: str,
   want: Literal["any", "object", "list"] = "any",
   repair: bool = True "or only what is JSON already"
   -> value: Any, how: Literal["whole", "extracted", "repaired"]`,
  {
    description: "Finds the JSON in a text, with words around it or broken, and gives its value.",
    implementations: [
      native("native", ({ text, want, repair }) => {
        const found = readJson(text, { repair, ...(want !== "any" && { want }) });
        if (!found.ok) throw new DspexError("invalid_inputs", found.message, { path: "inputs.text" });
        return { value: found.value, how: found.how };
      }),
      python("python", { pool: "general", entry: "repair-json", lastResort: true }),
    ],
  },
);
