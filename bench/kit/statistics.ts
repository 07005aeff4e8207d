// Medians, percentiles and spread of few or many numbers. Medians of interleaved rounds, because the machine is shared:
// a mean would carry whatever a neighbour did in one of them.

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function sorted(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** Nearest rank; `values` in ascending order. NaN of nothing. */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return Number.NaN;
  const rank = Math.min(values.length - 1, Math.max(0, Math.ceil(share * values.length) - 1));
  return values[rank] as number;
}

export function spread(values: readonly number[]): Spread {
  const ascending = sorted(values);
  const middle = ascending.length >> 1;
  const median =
    ascending.length % 2 === 1
      ? (ascending[middle] ?? Number.NaN)
      : ((ascending[middle - 1] ?? Number.NaN) + (ascending[middle] ?? Number.NaN)) / 2;
  return { median, min: ascending[0] ?? Number.NaN, max: ascending[ascending.length - 1] ?? Number.NaN };
}

/** Slope of the least-squares line through points [x, y]; NaN of fewer than two different x. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let covariance = 0;
  let variance = 0;
  for (const [x, y] of points) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  return covariance / variance;
}
