// Student's t at 97.5 %, for 95 % intervals. Degrees of freedom need not be whole. Only +, −, × and ÷: an interval
// decides about promotions, so it has to be the same on every machine.

/** Few degrees of freedom, from tables. */
const FEW = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281];
const Z = 1.959963984540054;

/** Coefficients of 1/df, 1/df², 1/df³ in the Cornish–Fisher expansion about the normal. */
const Z2 = Z * Z;
const C1 = (Z * (Z2 + 1)) / 4;
const C2 = (Z * ((5 * Z2 + 16) * Z2 + 3)) / 96;
const C3 = (Z * (((3 * Z2 + 19) * Z2 + 17) * Z2 - 15)) / 384;

export function studentQuantile(df: number): number {
  if (!(df > 1)) return FEW[0] as number;
  if (df < FEW.length) {
    const below = Math.floor(df);
    const low = FEW[below - 1] as number;
    const high = FEW[below] as number;
    // Straight in 1/df, as the quantile nearly is.
    const share = (1 / below - 1 / df) / (1 / below - 1 / (below + 1));
    return low + share * (high - low);
  }
  const inverse = 1 / df;
  return Z + inverse * (C1 + inverse * (C2 + inverse * C3));
}
