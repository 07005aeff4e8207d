// Which labels were taken for which. Labels are in the order of their code points, as scikit-learn sorts them.

import { invalid, notEmpty, sameLength } from "../arguments.ts";

/** The matrix has as many cells as the square. */
const MAX_LABELS = 2_000;

export interface Confusion {
  labels: readonly string[];
  /** Row = the true label, column = the predicted one. */
  matrix: readonly (readonly number[])[];
}

/**
 * @param labels all that may occur, in the order to report them in; default: those that occur.
 * @throws DspexError where the lists differ in length or are empty, a label is none of `labels`, or there are more than
 *   2,000 of them.
 */
export function confusionMatrix(
  truth: readonly string[],
  predicted: readonly string[],
  labels: readonly string[] = labelsIn(truth, predicted),
): Confusion {
  notEmpty(truth, "labels");
  sameLength(truth, predicted, "as many true as predicted labels are needed");
  const places = new Map(labels.map((label, at) => [label, at]));
  if (places.size < labels.length) throw invalid("a label is listed twice");
  if (places.size > MAX_LABELS) throw invalid(`${places.size} different labels: at most ${MAX_LABELS}`);
  const placeOf = (label: string): number => {
    const place = places.get(label);
    if (place === undefined)
      throw invalid(`label ${JSON.stringify(label)} is not among: ${labels.join(", ")}`);
    return place;
  };
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (const [n, label] of truth.entries()) {
    const row = matrix[placeOf(label)] as number[];
    const column = placeOf(predicted[n] as string);
    row[column] = (row[column] as number) + 1;
  }
  return { labels, matrix };
}

function labelsIn(...lists: (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort(byCodePoints);
}

/** JavaScript compares units of UTF-16, where characters beyond the first 65,536 come too early. */
function byCodePoints(one: string, other: string): number {
  const a = [...one];
  const b = [...other];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
