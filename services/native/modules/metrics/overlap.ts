// Precision, recall and their harmonic mean, of things that two texts share.

export interface Overlap {
  precision: number;
  recall: number;
  f1: number;
}

/** Of `given` things and `wanted` things `common` are the same. Where nothing is, all three are 0. */
export function overlapOf(common: number, given: number, wanted: number): Overlap {
  if (common === 0) return { precision: 0, recall: 0, f1: 0 };
  const precision = common / given;
  const recall = common / wanted;
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}
