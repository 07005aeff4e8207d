// `score-json`: how alike two JSON values are. The twin in Python (python-modules/score_json.py) computes the same and is asked
// by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { isSameJson, jsonSimilarity } from "../modules/metrics/mod.ts";

export const scoreJsonProgram = defineProgram(
  "score-json",
  `wanted: Any, given: Any, leaves: Literal["near", "same"] = "near" "whether what is nearly the same counts"
   -> similarity: float(ge=0, le=1), same: bool`,
  {
    description: "Compares two JSON values by their structure.",
    implementations: [
      native("native", ({ wanted, given, leaves }) => ({
        similarity: jsonSimilarity(wanted, given, { leaves }),
        same: isSameJson(wanted, given),
      })),
      python("python", { pool: "general", entry: "score-json", lastResort: true }),
    ],
  },
);
