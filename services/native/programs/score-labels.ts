// `score-labels`: how well labels were predicted. The twin in Python (python-modules/score_labels.py) computes the same and is
// asked by its name only.

import { defineProgram, native, python } from "../../programs/define.ts";
import { classificationReport } from "../modules/metrics/mod.ts";

export const scoreLabelsProgram = defineProgram(
  "score-labels",
  `truth: list[str](min_length=1, max_length=100000), predicted: list[str](max_length=100000)
   -> accuracy: float, balancedAccuracy: float, macroF1: float, weightedF1: float, matthewsCorrelation: float,
   cohenKappa: float | None "none where all labels are one",
   classes: list[{label: str, precision: float, recall: float, f1: float, support: int}]`,
  {
    description: "Reports on predicted labels: accuracy, F1 by class, agreement beyond chance.",
    implementations: [
      native("native", ({ truth, predicted }) => {
        const { accuracy, balancedAccuracy, macro, weighted, cohenKappa, matthewsCorrelation, classes } =
          classificationReport(truth, predicted);
        return {
          accuracy,
          balancedAccuracy,
          macroF1: macro.f1,
          weightedF1: weighted.f1,
          matthewsCorrelation,
          cohenKappa: Number.isNaN(cohenKappa) ? null : cohenKappa,
          classes,
        };
      }),
      python("python", { pool: "general", entry: "score-labels", lastResort: true }),
    ],
  },
);
