// `score-ranking`: how well a ranking finds what is relevant. The twin in Python (python-modules/score_ranking.py) computes the
// same and is asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { averagePrecision, ndcg, precisionAtK, recallAtK, reciprocalRank } from "../modules/metrics/mod.ts";

export const scoreRankingProgram = defineProgram(
  "score-ranking",
  `ranking: list[str](max_length=100000) "ids, best first", relevant: list[str](max_length=100000), k: int(ge=1) = 10
   -> precisionAtK: float, recallAtK: float, ndcgAtK: float, reciprocalRank: float, averagePrecision: float`,
  {
    description: "Judges a ranking: precision and recall at k, nDCG, reciprocal rank, average precision.",
    implementations: [
      native("native", ({ ranking, relevant, k }) => {
        const first = Number(k);
        const gains = Object.fromEntries(relevant.map((id) => [id, 1]));
        return {
          precisionAtK: precisionAtK(ranking, relevant, first),
          recallAtK: recallAtK(ranking, relevant, first),
          ndcgAtK: ndcg(ranking, gains, { k: first }),
          reciprocalRank: reciprocalRank(ranking, relevant),
          averagePrecision: averagePrecision(ranking, relevant),
        };
      }),
      python("python", { pool: "general", entry: "score-ranking", lastResort: true }),
    ],
  },
);
