// From likelihoods to an answer. A model leans to some labels whatever it reads: how likely each is over past inputs is
// taken off first, and what is left decides. Pure.
//
//   log-probabilities ─▶ among the labels alone ─▶ minus their means ─▶ the greatest, and its share as confidence

import type { LabelScores } from "./adapter.ts";

/** Below it nothing changes any more, and JSON has no infinity. */
const LEAST = -100;

/** The same log-probabilities as if only the labels could be said: they no longer depend on how they were measured. */
export function amongLabels(scores: LabelScores): LabelScores {
  const bounded = Object.entries(scores).map(([text, score]) => [text, Math.max(score, LEAST)] as const);
  const all = logSum(bounded.map(([, score]) => score));
  return Object.fromEntries(bounded.map(([text, score]) => [text, Math.max(score - all, LEAST)]));
}

/** The label that is likelier than usual; the first of equals. */
export function pickLabel(
  scores: LabelScores,
  means: LabelScores | undefined,
): { label: string; confidence: number } {
  const entries = Object.entries(scores).map(
    ([text, score]) => [text, score - (means?.[text] ?? 0)] as const,
  );
  let [best] = entries;
  for (const entry of entries) if (best === undefined || entry[1] > best[1]) best = entry;
  if (best === undefined) throw new RangeError("no labels");
  const all = logSum(entries.map(([, score]) => score));
  return { label: best[0], confidence: Math.min(1, Math.exp(best[1] - all)) };
}

export function logSum(values: readonly number[]): number {
  const greatest = Math.max(...values);
  if (greatest === Number.NEGATIVE_INFINITY) return greatest;
  return greatest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - greatest), 0));
}
