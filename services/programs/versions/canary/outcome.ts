// Messages of the log → what they tell of a canary. Only requests tell anything that chance gave to one side or the other:
// those that name a version or an implementation were no draw, nor is a fallback. Pure.

import type { CloudEvent } from "../../../../schemas/envelope/cloud-event.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../../../schemas/messages/attempt-failed.ts";
import { programFeedbackSchema } from "../../../../schemas/messages/program-event.ts";
import { type Result, resultSchema } from "../../../../schemas/messages/result.ts";
import { FEEDBACK_FILTER, kindFilter, parseLogSubject } from "../../../../schemas/subjects.ts";
import { type CanaryFeature, freeFeatures } from "../../../learning/outcomes/features.ts";
import { outcomeOfFailure, outcomeOfResult } from "../../../learning/outcomes/from-messages.ts";
import type { CanaryOutcome } from "./contest.ts";

export const CANARY_FILTERS = [kindFilter("result"), kindFilter("attempt"), FEEDBACK_FILTER] as const;

export interface CanaryMessage {
  subject: string;
  sequence: number;
  json(): unknown;
}

/** With the program, and the version that was the canary. */
export interface ToldOfCanary {
  program: string;
  version: string;
  outcome: CanaryOutcome;
}

/** Undefined where a message tells nothing of any. @throws on one that does not fit its schema. */
export function canaryOutcome(message: CanaryMessage): ToldOfCanary | undefined {
  const subject = parseLogSubject(message.subject);
  if (subject.kind === "result") return ofResult(resultSchema.parse(dataOf(message)), message.sequence);
  if (subject.kind !== "event") return undefined;
  switch (`${subject.entity}.${subject.verb}`) {
    case "attempt.failed":
      return ofFailure(attemptFailedSchema.parse(dataOf(message)), message.sequence);
    case "program.feedback": {
      const { program, canary, score, id } = programFeedbackSchema.parse(dataOf(message));
      if (program === undefined || canary === undefined) return undefined;
      const { version, taken } = canary;
      const outcome = { channel: "score", taken, value: score, sequence: message.sequence, id } as const;
      return { program, version, outcome };
    }
    default:
      return undefined;
  }
}

/** The draw that a decision was taken by; undefined where there was none, or the canary could not take the request. */
export function drawOf(features: Record<string, unknown>): CanaryFeature | undefined {
  const canary = freeFeatures(features)?.canary;
  return canary !== undefined && canary.share > 0 ? canary : undefined;
}

function ofResult(result: Result, sequence: number): ToldOfCanary | undefined {
  const draw = result.decision && drawOf(result.decision.features);
  return draw && told(draw, outcomeOfResult(result, sequence));
}

function ofFailure(failed: AttemptFailed, sequence: number): ToldOfCanary | undefined {
  const draw = failed.decision && drawOf(failed.decision.features);
  return draw && told(draw, outcomeOfFailure(failed, sequence));
}

function told(
  { version, taken }: CanaryFeature,
  learned: ReturnType<typeof outcomeOfResult>,
): ToldOfCanary | undefined {
  if (learned?.kind !== "outcome") return undefined;
  const { place, outcome, sequence } = learned;
  const value = outcome.success ? 1 : 0;
  return { program: place.program, version, outcome: { channel: "success", taken, value, sequence } };
}

function dataOf(message: CanaryMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
