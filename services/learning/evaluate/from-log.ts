// A logged decision and how its request ended, as evaluation reads them. The outcome of a decision is the end of its
// request, retries and fallbacks included: that is what another first choice would have changed.

import type { Decision, RewardWeights, Usage } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { type DecisionFeatures, freeFeatures } from "../outcomes/features.ts";
import { thriftShare, timeShare } from "../statistics/shares.ts";
import type { LoggedDecision } from "./logged.ts";

/** A first choice between several implementations, with what it was drawn from. */
export interface Choice extends Pick<LoggedDecision, "arms" | "probabilities" | "chosen"> {
  features: DecisionFeatures;
}

export interface Ending {
  result: Pick<Result, "status" | "timings" | "validation"> & { usage: Usage };
  /** Its score, or, where nobody scored it, the program's mean score: the same for all arms favours none. */
  quality: number;
}

/** Undefined where chance had no part in it: a named implementation, a retry, a fallback, nothing else to choose. */
export function choiceOf({ features, candidates, chosen }: Decision): Choice | undefined {
  const free = freeFeatures(features);
  if (free === undefined) return undefined;
  const eligible = candidates.filter((one) => one.eligible);
  const at = eligible.findIndex((one) => one.implementation === chosen);
  if (eligible.length < 2 || (eligible[at]?.probability ?? 0) <= 0) return undefined;
  return {
    features: free,
    arms: eligible.map((one) => one.implementation),
    probabilities: eligible.map((one) => one.probability),
    chosen: at,
  };
}

/** Rewards are modelled by it. */
export function contextOf({ place }: DecisionFeatures): string {
  return `${place.task}/${place.length}`;
}

/** How well a success kept its time, and how little it cost. */
export function sharesOf({ timings, usage }: Ending["result"], deadlineMs: number | undefined) {
  return { inTime: timeShare(timings.totalMs, deadlineMs), thrift: thriftShare(usage) };
}

export function loggedFrom(
  decision: Decision,
  { result, quality }: Ending,
  weights: RewardWeights,
): LoggedDecision | undefined {
  const choice = choiceOf(decision);
  if (choice === undefined || result.status === "cancelled") return undefined;
  const { features, ...drawn } = choice;
  const { inTime, thrift } = sharesOf(result, features.deadlineMs);
  const worth = weights.quality * quality + weights.time * inTime + weights.cost * thrift;
  return { context: contextOf(features), ...drawn, reward: result.status === "succeeded" ? worth : 0 };
}
