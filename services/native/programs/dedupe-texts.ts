// `dedupe-texts`: which texts of a list say the same again. The twin in Python (python-modules/dedupe_texts.py) computes the
// same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { duplicateGroups } from "../modules/text/mod.ts";

export const dedupeTextsProgram = defineProgram(
  "dedupe-texts",
  `texts: list[str](max_length=10000),
   near: float(ge=0.5, le=1) | None "least share of common runs of three words; none = exact duplicates only"
   -> groups: list[list[int]] "places in the list, the first of each group is the first that said it", unique: list[str]`,
  {
    description: "Groups texts that are the same, or nearly, and keeps the first of each.",
    implementations: [
      native("native", ({ texts, near }) => {
        const groups = duplicateGroups(texts, typeof near === "number" ? { near } : {});
        return { groups, unique: groups.map(([first = 0]) => texts[first] as string) };
      }),
      python("python", { pool: "general", entry: "dedupe-texts", lastResort: true }),
    ],
  },
);
