// Messages of the log → what they tell of the values that a request was answered with: whether its first attempt succeeded,
// and how its answer was judged. Requests with values of their own tell nothing of those in force, nor do fallbacks. Pure.

import type { CloudEvent } from "../../../../schemas/envelope/cloud-event.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../../../schemas/messages/attempt-failed.ts";
import type { Decision } from "../../../../schemas/messages/parts.ts";
import { programFeedbackSchema } from "../../../../schemas/messages/program-event.ts";
import { type Result, resultSchema } from "../../../../schemas/messages/result.ts";
import { FEEDBACK_FILTER, kindFilter, parseLogSubject } from "../../../../schemas/subjects.ts";
import { outcomeOfFailure, outcomeOfResult } from "../../../learning/outcomes/from-messages.ts";

export const LIVE_FILTERS = [kindFilter("result"), kindFilter("attempt"), FEEDBACK_FILTER] as const;

export interface LiveMessage {
  subject: string;
  sequence: number;
  json(): unknown;
}

/** Of one request. */
export interface LiveOutcome {
  kind: "outcome";
  id: string;
  program: string;
  /** Of the state that its values are from. */
  stateSequence: number;
  /** Names of the variables that it was answered with. */
  variables: readonly string[];
  success: 0 | 1;
  /** As the program's validators have it. */
  quality?: number;
}
export interface LiveScore {
  kind: "score";
  /** Whose answer it judges. */
  id: string;
  score: number;
}

/** Undefined where a message tells nothing. @throws on one that does not fit its schema. */
export function liveTold(message: LiveMessage): LiveOutcome | LiveScore | undefined {
  const subject = parseLogSubject(message.subject);
  if (subject.kind === "result") return ofResult(resultSchema.parse(dataOf(message)), message.sequence);
  if (subject.kind !== "event") return undefined;
  switch (`${subject.entity}.${subject.verb}`) {
    case "attempt.failed":
      return ofFailure(attemptFailedSchema.parse(dataOf(message)), message.sequence);
    case "program.feedback": {
      const { id, score } = programFeedbackSchema.parse(dataOf(message));
      return { kind: "score", id, score };
    }
    default:
      return undefined;
  }
}

function ofResult(result: Result, sequence: number): LiveOutcome | undefined {
  const decision = result.decision && chosen(result.decision);
  return decision && told(result.id, decision, outcomeOfResult({ ...result, decision }, sequence));
}

function ofFailure(failed: AttemptFailed, sequence: number): LiveOutcome | undefined {
  const decision = failed.decision && chosen(failed.decision);
  return decision && told(failed.id, decision, outcomeOfFailure({ ...failed, decision }, sequence));
}

/** What a variable has chosen counts here as what chance has: it is the variable that is judged. */
function chosen(decision: Decision): Decision {
  const { pinned: _pinned, pinnedBy, ...features } = decision.features;
  return pinnedBy === undefined ? decision : { ...decision, features };
}

function told(
  id: string,
  { features, stateSequence }: Decision,
  learned: ReturnType<typeof outcomeOfResult>,
): LiveOutcome | undefined {
  const variables = Object.keys((features.variables as object | undefined) ?? {});
  if (learned?.kind !== "outcome" || variables.length === 0) return undefined;
  const { place, outcome } = learned;
  const { quality } = outcome;
  return {
    kind: "outcome",
    id,
    program: place.program,
    stateSequence,
    variables,
    success: outcome.success ? 1 : 0,
    ...(quality !== undefined && { quality }),
  };
}

function dataOf(message: LiveMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
