// Whether two groups of observations differ by more than chance: a difference has to be large enough to matter and so
// many standard errors wide that among hundreds of comparisons none is expected to be so by luck.

export interface Share {
  count: number;
  hits: number;
}

export interface Mean {
  count: number;
  sum: number;
  squares: number;
}

/** Standard errors. At 4 one comparison in 16,000 is so by luck. */
const LEAST_Z = 4;
const LEAST_COUNT = 20;

/** `part` less `rest`, in shares, where it is at least `least` and no luck. */
export function shareEffect(
  part: Share,
  rest: Share,
  least: number,
): { difference: number; z: number } | undefined {
  if (part.count < LEAST_COUNT || rest.count < LEAST_COUNT) return undefined;
  const difference = part.hits / part.count - rest.hits / rest.count;
  const pooled = (part.hits + rest.hits) / (part.count + rest.count);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / part.count + 1 / rest.count));
  return effect(difference, error, least);
}

export function meanEffect(
  part: Mean,
  rest: Mean,
  least: number,
): { difference: number; z: number } | undefined {
  if (part.count < LEAST_COUNT || rest.count < LEAST_COUNT) return undefined;
  const error = Math.sqrt(errorOf(part) + errorOf(rest));
  return effect(part.sum / part.count - rest.sum / rest.count, error, least);
}

function effect(
  difference: number,
  error: number,
  least: number,
): { difference: number; z: number } | undefined {
  if (Math.abs(difference) < least || Math.abs(difference) < LEAST_Z * error) return undefined;
  return { difference, z: error === 0 ? LEAST_Z : difference / error };
}

/** Squared standard error of a mean. */
function errorOf({ count, sum, squares }: Mean): number {
  const mean = sum / count;
  return Math.max(0, squares / count - mean * mean) / count;
}
