// What the log holds of one request, read and ready to be explained.

import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import type { Decision, PlanStep } from "../../../schemas/messages/parts.ts";
import type {
  PolicyPromoted,
  PolicySettings,
  PolicyUpdated,
} from "../../../schemas/messages/policy-event.ts";
import type { ProgramDefinition, ProgramFeedback } from "../../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { Work } from "../../../schemas/messages/work.ts";

/** A message of the log with where and when it is there. */
export interface Told<Data> {
  sequence: number;
  timeMs: number;
  data: Data;
}

export interface RequestStory {
  id: string;
  program: string;
  /** Sequence of the request in the log, and when it came. */
  sequence: number;
  timeMs: number;
  /** What it asked; undefined where it cannot be read, or is not in the log any more. */
  asked: { inputs: Record<string, unknown>; options: RequestOptions } | undefined;
  /** In the order of the log, as are the others. */
  work: readonly Told<Work>[];
  failures: readonly Told<AttemptFailed>[];
  result: Told<Result> | undefined;
  feedback: readonly Told<ProgramFeedback>[];
  /** There is more feedback than was looked through. */
  moreFeedback: boolean;
  /** As it was in force; undefined where the log does not know it any more. */
  definition: ProgramDefinition | undefined;
  policy: PolicyInForce | undefined;
  /** Keys of breakers that were open when the decision was taken → why. */
  broken: ReadonlyMap<string, string>;
}

/** What was published by the learning service when the decision was taken. */
export interface PolicyInForce {
  settings: PolicySettings;
  /** What brought the settings; undefined = nobody has changed them. */
  change: (Told<PolicyPromoted> & { verb: "promoted" | "rolled-back" }) | undefined;
  /** The newest version. */
  published: Told<PolicyUpdated> | undefined;
  /** The newest that tells something of the program. */
  evidence: Told<PolicyUpdated> | undefined;
}

/** The decision that chance had a part in: that of the first attempt. */
export interface FirstDecision {
  decision: Decision;
  /** Undefined where it was not recorded. */
  plan: readonly PlanStep[] | undefined;
}

export function firstDecision({ work, failures, result }: RequestStory): FirstDecision | undefined {
  const sent = work.find(({ data }) => isFirst(data.decision));
  if (sent !== undefined) return { decision: sent.data.decision, plan: sent.data.plan };
  // Inside the router an attempt has no work message: its failure or its result tells of it.
  const failed = failures.find(({ data }) => data.decision !== undefined && isFirst(data.decision))?.data;
  if (failed?.decision !== undefined) return { decision: failed.decision, plan: failed.plan };
  const decision = result?.data.decision;
  return decision !== undefined && isFirst(decision) ? { decision, plan: undefined } : undefined;
}

/** It followed no earlier attempt. */
function isFirst({ features }: Decision): boolean {
  return features.step === undefined;
}
