// The normal distribution function from a table. Only +, −, × and ÷ make it, in one order, so that every machine has
// the same bits: the language leaves `Math.exp` and its like to the platform.

/** Beyond it Φ counts as 0 or 1. */
const LIMIT = 6;
const CELLS_PER_UNIT = 128;
const ENTRIES = 2 * LIMIT * CELLS_PER_UNIT + 1;

const TERMS = 90;
const INVERSE_SQRT_TWO_PI = 0.3989422804014327;

/** e^x for x ≤ 0: the series of a 1/1024 part, squared ten times. */
function expNegative(x: number): number {
  const part = x / 1_024;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 20; k++) {
    term = (term * part) / k;
    sum += term;
  }
  for (let k = 0; k < 10; k++) sum *= sum;
  return sum;
}

/** Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …): all terms of one sign, nothing cancels. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; k < TERMS; k++) {
    term = (term * x * x) / (2 * k + 1);
    sum += term;
  }
  return 0.5 + INVERSE_SQRT_TWO_PI * expNegative(-0.5 * x * x) * sum;
}

/** Φ at −6, −6 + 1/128, …, 6. */
export const PHI_TABLE = new Float64Array(ENTRIES);
for (let at = 0; at < ENTRIES; at++) PHI_TABLE[at] = series(at / CELLS_PER_UNIT - LIMIT);

/** From z to a place in the table: `(z + PHI_LIMIT) * PHI_CELLS`. */
export const PHI_LIMIT = LIMIT;
export const PHI_CELLS = CELLS_PER_UNIT;
export const PHI_LAST = ENTRIES - 1;

/** Φ(z), within 2e-6, monotone. */
export function phi(z: number): number {
  const place = (z + LIMIT) * CELLS_PER_UNIT;
  if (!(place > 0)) return 0;
  if (place >= PHI_LAST) return 1;
  const at = place | 0;
  const below = PHI_TABLE[at] as number;
  return below + (place - at) * ((PHI_TABLE[at + 1] as number) - below);
}
