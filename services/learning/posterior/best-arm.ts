// The probability of each arm to be the best one, by quadrature over independent normal posteriors. Exact in the sense
// that matters: what is computed is what is drawn from and what is recorded. Allocates nothing.

import { PHI_CELLS, PHI_LAST, PHI_LIMIT, PHI_TABLE } from "./normal.ts";

const CELLS = 48;
/** Below every arm's mean − 3.5 τ, and above all means + 4 τ, nothing that counts happens. */
const BELOW = 3.5;
const ABOVE = 4;

/** More candidates than any program may have. */
export const MAX_CANDIDATES = 64;

/** Φ of each live arm at the left edge of the current cell, the mean over the cell, and products of those. */
const left = new Float64Array(MAX_CANDIDATES);
const mass = new Float64Array(MAX_CANDIDATES);
const prefix = new Float64Array(MAX_CANDIDATES + 1);
const within = new Float64Array(MAX_CANDIDATES);
const live = new Uint8Array(MAX_CANDIDATES);
const place = new Float64Array(MAX_CANDIDATES);
const stride = new Float64Array(MAX_CANDIDATES);
const sums = new Float64Array(MAX_CANDIDATES);

/**
 * Writes into `probabilities` how likely each of `count` arms with mean `mean[k]` and spread `spread[k]` > 0 is the
 * best, in total 1.
 */
export function bestArmProbabilities(
  mean: Float64Array,
  spread: Float64Array,
  count: number,
  probabilities: Float64Array,
): void {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const mu = mean[k] as number;
    const tau = spread[k] as number;
    const bottom = mu - BELOW * tau;
    const top = mu + ABOVE * tau;
    if (bottom > low) low = bottom;
    if (top > high) high = top;
  }
  const width = (high - low) / CELLS;
  let alive = 0;
  for (let k = 0; k < count; k++) {
    probabilities[k] = 0;
    const mu = mean[k] as number;
    const tau = spread[k] as number;
    // An arm that lies below the grid altogether is never the best, and hinders no other.
    if (mu + ABOVE * tau <= low) continue;
    const start = ((low - mu) / tau + PHI_LIMIT) * PHI_CELLS;
    live[alive] = k;
    place[alive] = start;
    stride[alive] = (width / tau) * PHI_CELLS;
    left[alive] = phiAt(start);
    sums[alive] = 0;
    alive++;
  }
  for (let cell = 1; cell <= CELLS; cell++) {
    let product = 1;
    for (let a = 0; a < alive; a++) {
      const before = left[a] as number;
      const after = phiAt((place[a] as number) + cell * (stride[a] as number));
      const average = 0.5 * (before + after);
      left[a] = after;
      mass[a] = after - before;
      within[a] = average;
      prefix[a] = product;
      product *= average;
    }
    let suffix = 1;
    for (let a = alive - 1; a >= 0; a--) {
      sums[a] = (sums[a] as number) + (mass[a] as number) * (prefix[a] as number) * suffix;
      suffix *= within[a] as number;
    }
  }
  let total = 0;
  for (let a = 0; a < alive; a++) total += sums[a] as number;
  for (let a = 0; a < alive; a++) probabilities[live[a] as number] = (sums[a] as number) / total;
}

function phiAt(at: number): number {
  if (!(at > 0)) return 0;
  if (at >= PHI_LAST) return 1;
  const cell = at | 0;
  const below = PHI_TABLE[cell] as number;
  return below + (at - cell) * ((PHI_TABLE[cell + 1] as number) - below);
}
