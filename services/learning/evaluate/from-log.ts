// A logged decision and how its request ended, as evaluation reads them. The outcome of a decision is the end of its
// request, retries and fallbacks included: that is what another first choice would have changed.

import type { Decision } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { Weights } from "../posterior/reward.ts";
import { thriftShare, timeShare } from "../statistics/shares.ts";
import type { LoggedDecision } from "./logged.ts";

export interface Ending {
  result: Result;
  /** As the request asked, undefined if it did not. */
  deadlineMs: number | undefined;
  /** Its score, or, where nobody scored it, the program's mean score: the same for all arms favours none. */
  quality: number;
}

/** Undefined where chance had no part in it: a named implementation, a retry, a fallback, a cancelled request. */
export function loggedFrom(decision: Decision, ending: Ending, weights: Weights): LoggedDecision | undefined {
  const eligible = decision.candidates.filter((one) => one.eligible && one.probability > 0);
  const chosen = eligible.findIndex((one) => one.implementation === decision.chosen);
  if (ending.result.status === "cancelled" || decision.features.step !== undefined) return undefined;
  if (chosen < 0 || eligible.length < 2) return undefined;
  const { kind, lengthBucket } = decision.features;
  return {
    context: `${kind}/${lengthBucket}`,
    arms: eligible.map((one) => one.implementation),
    probabilities: eligible.map((one) => one.probability),
    chosen,
    reward: rewardOf(ending, weights),
  };
}

function rewardOf({ result, deadlineMs, quality }: Ending, weights: Weights): number {
  if (result.status !== "succeeded") return 0;
  return (
    weights.quality * quality +
    weights.time * timeShare(result.timings.totalMs, deadlineMs) +
    weights.cost * thriftShare(result.usage)
  );
}
