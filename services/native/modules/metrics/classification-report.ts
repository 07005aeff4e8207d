// How well labels were predicted, by class and over all, equal to scikit-learn 1.9's. Where a share has nothing to be a
// share of (a class that was never predicted has no precision, one that never occurs no recall), it is `zeroDivision`.

import { cohenKappa, matthewsCorrelation } from "./agreement.ts";
import { type Confusion, confusionMatrix } from "./confusion.ts";
import type { Overlap } from "./overlap.ts";

export interface ClassificationOptions {
  /** All that may occur, in the order to report them in; default: those that occur, sorted. */
  labels?: readonly string[];
  zeroDivision?: 0 | 1;
}

export interface ClassScores extends Overlap {
  label: string;
  /** How often it is the true label. */
  support: number;
}

export interface ClassificationReport {
  count: number;
  accuracy: number;
  /** Mean recall of the classes that occur. */
  balancedAccuracy: number;
  classes: ClassScores[];
  /** Each class counts the same. */
  macro: Overlap;
  /** Each prediction counts the same: with one label for each, the accuracy. */
  micro: Overlap;
  /** Each class counts by its support. */
  weighted: Overlap;
  cohenKappa: number;
  matthewsCorrelation: number;
  confusion: Confusion;
}

export function classificationReport(
  truth: readonly string[],
  predicted: readonly string[],
  { labels, zeroDivision = 0 }: ClassificationOptions = {},
): ClassificationReport {
  const confusion = confusionMatrix(truth, predicted, labels);
  const classes = confusion.labels.map((label, at) => scoresOf(confusion, at, label, zeroDivision));
  const right = confusion.matrix.reduce((sum, row, at) => sum + (row[at] as number), 0);
  const accuracy = right / truth.length;
  const occurring = classes.filter(({ support }) => support > 0);
  return {
    count: truth.length,
    accuracy,
    balancedAccuracy: meanOf(occurring, ({ recall }) => recall),
    classes,
    macro: averageOf(classes, () => 1),
    micro: { precision: accuracy, recall: accuracy, f1: accuracy },
    weighted: averageOf(classes, ({ support }) => support),
    cohenKappa: cohenKappa(confusion),
    matthewsCorrelation: matthewsCorrelation(confusion),
    confusion,
  };
}

function scoresOf({ matrix }: Confusion, at: number, label: string, zeroDivision: number): ClassScores {
  const right = matrix[at]?.[at] ?? 0;
  const support = (matrix[at] ?? []).reduce((sum, count) => sum + count, 0);
  const predicted = matrix.reduce((sum, row) => sum + (row[at] as number), 0);
  const share = (part: number, whole: number) => (whole === 0 ? zeroDivision : part / whole);
  return {
    label,
    precision: share(right, predicted),
    recall: share(right, support),
    f1: share(2 * right, predicted + support),
    support,
  };
}

function averageOf(classes: readonly ClassScores[], weight: (one: ClassScores) => number): Overlap {
  return {
    precision: meanOf(classes, ({ precision }) => precision, weight),
    recall: meanOf(classes, ({ recall }) => recall, weight),
    f1: meanOf(classes, ({ f1 }) => f1, weight),
  };
}

function meanOf(
  classes: readonly ClassScores[],
  value: (one: ClassScores) => number,
  weight: (one: ClassScores) => number = () => 1,
): number {
  const weights = classes.reduce((sum, one) => sum + weight(one), 0);
  return classes.reduce((sum, one) => sum + weight(one) * value(one), 0) / weights;
}
