// `score-text`: how near a text is to references, by a named metric. The twin in Python (python-modules/score_text) computes
// the same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { scoreText } from "../modules/metrics/mod.ts";

export const scoreTextProgram = defineProgram(
  "score-text",
  `prediction: str(max_length=10000),
   references: list[str(max_length=10000)](min_length=1, max_length=20) "the best one counts",
   metric: Literal["exact-match", "normalized-exact-match", "token-f1", "rouge1", "rouge2", "rougeL", "rougeLsum",
     "bleu", "chrf", "chrf++", "edit-similarity"] = "token-f1"
   -> score: float(ge=0, le=1)`,
  {
    description: "Compares a text with references: exact match, F1, ROUGE, BLEU, chrF, edit distance.",
    implementations: [
      native("native", ({ prediction, references, metric }) => ({
        score: scoreText(metric, prediction, references),
      })),
      python("python", { pool: "general", entry: "score-text", lastResort: true }),
    ],
  },
);
