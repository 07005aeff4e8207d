// How well a ranking finds what is relevant, by trec_eval's definitions. A ranking is a list of ids, best first; an id that
// comes twice counts at its first place. A question without anything relevant scores 0.

import { atLeast, notEmpty, sameLength } from "../arguments.ts";

export type Ranking = readonly string[];

/** Share of the first `k` places that are relevant; places that the ranking lacks are not. */
export function precisionAtK(ranking: Ranking, relevant: Iterable<string>, k: number): number {
  atLeast(k, 1, "k");
  return hitPlaces(ranking, relevant).filter((place) => place <= k).length / k;
}

/** Share of what is relevant that is among the first `k`. */
export function recallAtK(ranking: Ranking, relevant: Iterable<string>, k: number): number {
  atLeast(k, 1, "k");
  const wanted = new Set(relevant);
  if (wanted.size === 0) return 0;
  return hitPlaces(ranking, wanted).filter((place) => place <= k).length / wanted.size;
}

/** 1 / place of the first relevant one; 0 where there is none. */
export function reciprocalRank(ranking: Ranking, relevant: Iterable<string>): number {
  const [first] = hitPlaces(ranking, relevant);
  return first === undefined ? 0 : 1 / first;
}

/** Mean over what is relevant of the precision at its place; what the ranking lacks counts 0. */
export function averagePrecision(ranking: Ranking, relevant: Iterable<string>): number {
  const wanted = new Set(relevant);
  if (wanted.size === 0) return 0;
  return hitPlaces(ranking, wanted).reduce((sum, place, n) => sum + (n + 1) / place, 0) / wanted.size;
}

export interface NdcgOptions {
  /** Only the first `k` places of the ranking, and of the best possible one. */
  k?: number;
  /** `linear` (default, as trec_eval and scikit-learn): the gain itself; `exponential`: 2^gain − 1. */
  gain?: "linear" | "exponential";
}

/** Discounted gain of the ranking, as a share of that of the best possible one. @param gains by id, 0 or more. */
export function ndcg(
  ranking: Ranking,
  gains: Readonly<Record<string, number>>,
  options: NdcgOptions = {},
): number {
  const { k = Number.POSITIVE_INFINITY, gain = "linear" } = options;
  if (options.k !== undefined) atLeast(options.k, 1, "k");
  const worth = (value: number) => (gain === "linear" ? value : 2 ** value - 1);
  const best = Object.values(gains)
    .map(worth)
    .sort((a, b) => b - a);
  const ideal = discounted(best.slice(0, k));
  if (ideal === 0) return 0;
  const seen = new Set<string>();
  const found = ranking.slice(0, k).map((id) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew && Object.hasOwn(gains, id) ? worth(gains[id] as number) : 0;
  });
  return discounted(found) / ideal;
}

export function meanReciprocalRank(
  rankings: readonly Ranking[],
  relevant: readonly Iterable<string>[],
): number {
  return meanOver(rankings, relevant, reciprocalRank);
}

export function meanAveragePrecision(
  rankings: readonly Ranking[],
  relevant: readonly Iterable<string>[],
): number {
  return meanOver(rankings, relevant, averagePrecision);
}

function meanOver(
  rankings: readonly Ranking[],
  relevant: readonly Iterable<string>[],
  score: (ranking: Ranking, relevant: Iterable<string>) => number,
): number {
  notEmpty(rankings, "rankings");
  sameLength(rankings, relevant, "each ranking needs what is relevant to it");
  return rankings.reduce((sum, ranking, n) => sum + score(ranking, relevant[n] ?? []), 0) / rankings.length;
}

/** From 1, ascending. */
function hitPlaces(ranking: Ranking, relevant: Iterable<string>): number[] {
  const left = new Set(relevant);
  return ranking.flatMap((id, at) => (left.delete(id) ? [at + 1] : []));
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0);
}
