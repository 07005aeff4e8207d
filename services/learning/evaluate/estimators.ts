// What another policy would have got on logged decisions: importance sampling, its self-normalised form, and the doubly
// robust estimate with cross-fitting. Exact logging probabilities are what makes all three possible.

import { type Estimate, estimateFrom } from "./interval.ts";
import { type DecisionLog, type LoggedDecision, type TargetPolicy, weightOf } from "./logged.ts";
import { RewardModel } from "./reward-model.ts";

/** What the estimates need of each decision. */
export interface Scores {
  rewards: Float64Array;
  weights: Float64Array;
  /** Doubly robust, of the target and less that of the logging policy: what both would choose cancels. */
  robust: Float64Array;
  gains: Float64Array;
  /** Sum over the decisions of what the target would choose and the log never does. */
  unsupported: number;
}

/**
 * Each reward is judged by a model of the decisions before it, which is cross-fitting in the log's order: the scores
 * stay unbiased although the logging policy learned from the same rewards.
 */
export function scoresOf(log: DecisionLog, target: TargetPolicy): Scores {
  const rewards = new Float64Array(log.length);
  const weights = new Float64Array(log.length);
  const robust = new Float64Array(log.length);
  const gains = new Float64Array(log.length);
  const model = new RewardModel();
  let unsupported = 0;
  for (let index = 0; index < log.length; index++) {
    const one = log.at(index) as LoggedDecision;
    const wanted = target(one, index);
    let direct = 0;
    let usual = 0;
    for (let at = 0; at < one.arms.length; at++) {
      const share = wanted[at] as number;
      const logged = one.probabilities[at] as number;
      if (share <= 0 && logged <= 0) continue;
      const expected = model.expect(one.context, one.arms[at] as string);
      direct += share * expected;
      usual += logged * expected;
      if (logged <= 0) unsupported += share;
    }
    const missed = one.reward - model.expect(one.context, one.arms[one.chosen] as string);
    model.learn(one);
    const weight = weightOf(one, wanted);
    rewards[index] = one.reward;
    weights[index] = weight;
    robust[index] = direct + weight * missed;
    gains[index] = direct - usual + (weight - 1) * missed;
  }
  return { rewards, weights, robust, gains, unsupported };
}

export function importanceSampling({ rewards, weights }: Scores): Estimate {
  return meanOf(weights.map((weight, at) => weight * (rewards[at] as number)));
}

export function selfNormalised({ rewards, weights }: Scores): Estimate {
  let total = 0;
  let sum = 0;
  for (let at = 0; at < weights.length; at++) {
    total += weights[at] as number;
    sum += (weights[at] as number) * (rewards[at] as number);
  }
  if (total === 0) return { value: 0, halfWidth: 1, df: 0 };
  const value = sum / total;
  const average = total / weights.length;
  return estimateFrom(
    value,
    weights.map((weight, at) => (weight * ((rewards[at] as number) - value)) / average),
  );
}

export function meanOf(scores: Float64Array): Estimate {
  let sum = 0;
  for (let at = 0; at < scores.length; at++) sum += scores[at] as number;
  const value = scores.length === 0 ? 0 : sum / scores.length;
  return estimateFrom(
    value,
    scores.map((score) => score - value),
  );
}
