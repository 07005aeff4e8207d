// Messages of the log → what is learned from them. Each message tells by itself where it belongs, so that routers, the
// learning service and `dspex replay` fold the same outcomes without keeping anything of requests under way.

import type { ErrorCode } from "../../../schemas/error-codes.ts";
import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import type { Decision } from "../../../schemas/messages/parts.ts";
import type { ProgramFeedback } from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { LearningEvent } from "../statistics/event.ts";
import { thriftShare, timeShare } from "../statistics/shares.ts";
import { freeFeatures, overtakenBy } from "./features.ts";

/** Errors that say nothing of the implementation: the user's, or the system's around it. */
const NO_FAULT: ReadonlySet<ErrorCode> = new Set([
  "invalid_inputs",
  "unknown_program",
  "unknown_version",
  "payload_too_large",
  "id_conflict",
  "not_allowed",
  "not_found",
  "conflict",
  "gone",
  "no_capable_implementation",
  "cancelled",
  "overloaded",
  "budget_exceeded",
  "circuit_open",
]);

/** The outcome of a first attempt that a result ends; one that had failed before has told its outcome then. */
export function outcomeOfResult(result: Result, sequence: number): LearningEvent | undefined {
  const { decision, attempts, status, error, timings, usage } = result;
  if (decision === undefined || status === "cancelled") return undefined;
  const features = freeFeatures(decision.features);
  if (features === undefined) return outcomeOfOvertaken(result, decision, sequence);
  const isSuccess = status === "succeeded";
  // Answers from outside, such as a deadline that passed, have no attempt of their own.
  if (isSuccess ? attempts.length !== 1 : attempts.length > 0) return undefined;
  if (error !== undefined && NO_FAULT.has(error.code)) return undefined;
  const { program, place, deadlineMs } = features;
  return {
    kind: "outcome",
    sequence,
    place: { program, ...place },
    outcome: isSuccess
      ? {
          success: true,
          inTime: timeShare(timings.totalMs, deadlineMs),
          thrift: thriftShare(usage),
          ...scoredAtOnce(result),
        }
      : { success: false, inTime: 0, thrift: 0 },
  };
}

/** What the program's validators say counts until somebody judges the answer. */
function scoredAtOnce({ validation }: Result): { quality?: number } {
  const quality = validation?.quality;
  return typeof quality === "number" && quality >= 0 && quality <= 1 ? { quality } : {};
}

/**
 * A first attempt that a hedge has overtaken: it did not fail, and took longer than its request did. Without it slow
 * attempts would be missing from what is known of their arm, and hedges would come earlier and earlier.
 */
function outcomeOfOvertaken(
  { status, attempts, timings, usage }: Result,
  { features }: Decision,
  sequence: number,
): LearningEvent | undefined {
  const overtaken = overtakenBy(features);
  if (overtaken === undefined || status !== "succeeded" || attempts.length !== 1) return undefined;
  const { program, place, deadlineMs } = overtaken;
  const inTime = timeShare(timings.totalMs, deadlineMs);
  return {
    kind: "outcome",
    sequence,
    place: { program, ...place },
    outcome: { success: true, inTime, thrift: thriftShare(usage) },
  };
}

/** The failure of a first attempt counts at once, whatever becomes of its request. */
export function outcomeOfFailure(failed: AttemptFailed, sequence: number): LearningEvent | undefined {
  const { decision, error } = failed;
  if (failed.attempt !== 1 || decision === undefined || NO_FAULT.has(error.code)) return undefined;
  const features = freeFeatures(decision.features);
  if (features === undefined) return undefined;
  const place = { program: features.program, ...features.place };
  return { kind: "outcome", sequence, place, outcome: { success: false, inTime: 0, thrift: 0 } };
}

/** A score of an earlier success, however late. */
export function qualityOfFeedback(
  { place, program, score, replaces }: ProgramFeedback,
  sequence: number,
): LearningEvent | undefined {
  if (place === undefined || program === undefined) return undefined;
  const learned = { kind: "quality", sequence, place: { program, ...place }, score } as const;
  return replaces === undefined ? learned : { ...learned, replaces };
}
