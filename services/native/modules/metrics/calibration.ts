// Whether probabilities mean what they say: Brier score and log loss as scikit-learn 1.9 has them, reliability bins as its
// `calibration_curve`, and the expected calibration error over them (Naeini 2015).

import { atLeast, invalid, notEmpty, sameLength } from "../arguments.ts";

/** Probabilities of 0 and 1 are taken as this far from them: the loss stays finite. */
const LEAST = Number.EPSILON;

/** Mean square of probability − outcome. @param outcomes whether it came true. */
export function brierScore(probabilities: readonly number[], outcomes: readonly boolean[]): number {
  check(probabilities, outcomes);
  return meanOf(probabilities, (p, n) => (p - (outcomes[n] ? 1 : 0)) ** 2);
}

/** Of several classes: the sum of squares over them, mean over the answers. @param truth number of the true class. */
export function multiclassBrier(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
): number {
  checkClasses(probabilities, truth);
  return meanOf(probabilities, (row, n) =>
    row.reduce((sum, p, at) => sum + (p - (at === truth[n] ? 1 : 0)) ** 2, 0),
  );
}

/** Mean −ln of the probability that was given to what came true. */
export function logLoss(probabilities: readonly number[], outcomes: readonly boolean[]): number {
  check(probabilities, outcomes);
  return meanOf(probabilities, (p, n) => -Math.log(clipped(outcomes[n] ? p : 1 - p)));
}

export function multiclassLogLoss(
  probabilities: readonly (readonly number[])[],
  truth: readonly number[],
): number {
  checkClasses(probabilities, truth);
  return meanOf(probabilities, (row, n) => -Math.log(clipped(row[truth[n] as number] as number)));
}

export interface ReliabilityBin {
  /** Above this, … */
  from: number;
  /** … up to this; the first one has 0 too. */
  to: number;
  count: number;
  meanProbability: number;
  /** Of those that came true. */
  share: number;
}

/** Bins of equal width that have something in them. */
export function reliabilityBins(
  probabilities: readonly number[],
  outcomes: readonly boolean[],
  bins = 10,
): ReliabilityBin[] {
  check(probabilities, outcomes);
  atLeast(bins, 1, "bins");
  const edge = (at: number) => (at === bins ? 1 : at * (1 / bins));
  const sums = Array.from({ length: bins }, () => ({ count: 0, probability: 0, right: 0 }));
  for (const [n, p] of probabilities.entries()) {
    let at = Math.min(bins - 1, Math.max(0, Math.ceil(p * bins) - 1));
    // The product is rounded: the edges decide.
    while (at > 0 && p <= edge(at)) at--;
    while (at < bins - 1 && p > edge(at + 1)) at++;
    const sum = sums[at] as (typeof sums)[number];
    sum.count++;
    sum.probability += p;
    sum.right += outcomes[n] ? 1 : 0;
  }
  return sums.flatMap(({ count, probability, right }, at) =>
    count === 0
      ? []
      : [
          {
            from: edge(at),
            to: edge(at + 1),
            count,
            meanProbability: probability / count,
            share: right / count,
          },
        ],
  );
}

/** Mean over the answers of how far their bin's share lies from its mean probability. */
export function expectedCalibrationError(
  probabilities: readonly number[],
  outcomes: readonly boolean[],
  bins = 10,
): number {
  const found = reliabilityBins(probabilities, outcomes, bins);
  const gaps = found.map(({ count, meanProbability, share }) => count * Math.abs(meanProbability - share));
  return gaps.reduce((sum, gap) => sum + gap, 0) / probabilities.length;
}

function meanOf<T>(items: readonly T[], value: (item: T, at: number) => number): number {
  return items.reduce((sum, item, at) => sum + value(item, at), 0) / items.length;
}

function clipped(p: number): number {
  return Math.min(1 - LEAST, Math.max(LEAST, p));
}

function check(probabilities: readonly number[], outcomes: readonly boolean[]): void {
  notEmpty(probabilities, "probabilities");
  sameLength(probabilities, outcomes, "as many outcomes as probabilities are needed");
  for (const p of probabilities) checkProbability(p);
}

function checkClasses(probabilities: readonly (readonly number[])[], truth: readonly number[]): void {
  notEmpty(probabilities, "probabilities");
  sameLength(probabilities, truth, "as many true classes as rows of probabilities are needed");
  for (const [n, row] of probabilities.entries()) {
    for (const p of row) checkProbability(p);
    const sum = row.reduce((total, p) => total + p, 0);
    if (Math.abs(sum - 1) > 1e-6) throw invalid(`probabilities of row ${n} sum to ${sum}`);
    if (!((truth[n] as number) in row)) throw invalid(`row ${n} has no class ${truth[n]}`);
  }
}

function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) throw invalid(`${p} is no probability`);
}
