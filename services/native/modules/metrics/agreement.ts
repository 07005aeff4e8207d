// Agreement of predicted with true labels beyond chance: Cohen's kappa and Matthews' correlation (of several classes:
// Gorodkin 2004), equal to scikit-learn's.

import type { Confusion } from "./confusion.ts";

/** NaN where both lists are one label only, the same one: chance alone would agree as much. */
export function cohenKappa({ matrix }: Confusion): number {
  const { total, rows, columns, right } = sumsOf(matrix);
  const expected = rows.reduce((sum, row, at) => sum + row * (columns[at] as number), 0) / total;
  return (right - expected) / (total - expected);
}

/** From −1 to 1; 0 where either list is one label only. */
export function matthewsCorrelation({ matrix }: Confusion): number {
  const { total, rows, columns, right } = sumsOf(matrix);
  const squared = (sums: readonly number[]) => total * total - sums.reduce((sum, one) => sum + one * one, 0);
  const together = right * total - rows.reduce((sum, row, at) => sum + row * (columns[at] as number), 0);
  const spread = squared(rows) * squared(columns);
  return spread === 0 ? 0 : together / Math.sqrt(spread);
}

function sumsOf(matrix: Confusion["matrix"]): {
  total: number;
  rows: number[];
  columns: number[];
  right: number;
} {
  const rows = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const columns = matrix.map((_, column) => matrix.reduce((sum, row) => sum + (row[column] as number), 0));
  const total = rows.reduce((sum, count) => sum + count, 0);
  return { total, rows, columns, right: matrix.reduce((sum, row, at) => sum + (row[at] as number), 0) };
}
