// What another policy would have got on logged decisions: importance sampling, its self-normalised form, and the doubly
// robust estimate with cross-fitting. Exact logging probabilities are what makes all three possible.

import { type Estimate, estimateFrom } from "./interval.ts";
import { type LoggedDecision, type TargetPolicy, weightOf } from "./logged.ts";
import { RewardModel } from "./reward-model.ts";

export function importanceSampling(log: readonly LoggedDecision[], target: TargetPolicy): Estimate {
  const scores = Float64Array.from(log, (one, index) => weightOf(one, target(one, index)) * one.reward);
  return centre(scores);
}

export function selfNormalised(log: readonly LoggedDecision[], target: TargetPolicy): Estimate {
  const weights = Float64Array.from(log, (one, index) => weightOf(one, target(one, index)));
  let total = 0;
  let sum = 0;
  for (const [index, { reward }] of log.entries()) {
    total += weights[index] as number;
    sum += (weights[index] as number) * reward;
  }
  if (total === 0) return { value: 0, halfWidth: 1, df: 0 };
  const value = sum / total;
  const average = total / log.length;
  const centred = weights.map(
    (weight, index) => (weight * ((log[index] as LoggedDecision).reward - value)) / average,
  );
  return estimateFrom(value, centred);
}

/**
 * Each reward is judged by a model of the decisions before it, which is cross-fitting in the log's order: the scores
 * stay unbiased although the logging policy learned from the same rewards.
 */
export function doublyRobust(log: readonly LoggedDecision[], target: TargetPolicy): Estimate {
  const model = new RewardModel();
  const scores = Float64Array.from(log, (one, index) => {
    const wanted = target(one, index);
    let direct = 0;
    for (const [at, arm] of one.arms.entries()) {
      const share = wanted[at] as number;
      if (share > 0) direct += share * model.expect(one.context, arm);
    }
    const missed = one.reward - model.expect(one.context, one.arms[one.chosen] as string);
    model.learn(one);
    return direct + weightOf(one, wanted) * missed;
  });
  return centre(scores);
}

function centre(scores: Float64Array): Estimate {
  let sum = 0;
  for (const score of scores) sum += score;
  const value = scores.length === 0 ? 0 : sum / scores.length;
  return estimateFrom(
    value,
    scores.map((score) => score - value),
  );
}
