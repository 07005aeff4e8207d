// Puts together the one result of a request. Pure: times come in.

import { boundedError } from "../../schemas/bounded-error.ts";
import { isJsonError } from "../../schemas/envelope/json-error.ts";
import { requestHash } from "../../schemas/envelope/request-hash.ts";
import type { WireError } from "../../schemas/errors.ts";
import { roundMs } from "../../schemas/messages/ms.ts";
import type { Attempt, Decision, Usage } from "../../schemas/messages/parts.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Validation } from "../../schemas/messages/validator.ts";
import { type AttemptParts, toldParts } from "../bus/part-watch.ts";
import type { Intake } from "./intake.ts";
import type { OpenRequest } from "./state.ts";

export interface Outcome {
  status: Result["status"];
  outputs?: Record<string, unknown>;
  /** What the program's validators say of them. */
  validation?: Validation | undefined;
  error?: WireError;
  version?: string | undefined;
  implementation?: string | undefined;
  /** The attempt that is not in the log as a failure: the one that answered. */
  attempt?: Attempt;
  decision?: Decision | undefined;
  fallbackReason?: string | undefined;
  /** Times of the router and of the attempt, ms. */
  routeMs: number;
  runMs: number;
  nowMs: number;
  /** What was measured of the attempt's time and of the time before it. */
  parts?: AttemptParts;
}

/** `open` is absent for requests that were never open: refused ones. */
export function resultOf(intake: Intake, open: OpenRequest | undefined, outcome: Outcome): Result {
  const attempts = [...(open?.attempts ?? []), ...(outcome.attempt === undefined ? [] : [outcome.attempt])];
  const totalMs = Math.max(0, outcome.nowMs - intake.timeMs);
  const session = intake.request?.options.session;
  return {
    id: intake.id,
    status: outcome.status,
    ...(outcome.outputs !== undefined && { outputs: outcome.outputs }),
    ...(outcome.error !== undefined && { error: boundedError(outcome.error) }),
    program: intake.program,
    ...(outcome.version !== undefined && { version: outcome.version }),
    ...(outcome.implementation !== undefined && { implementation: outcome.implementation }),
    attempts,
    ...(outcome.fallbackReason !== undefined && { fallbackReason: outcome.fallbackReason }),
    usage: totalUsage(attempts),
    timings: {
      queueMs: roundMs(Math.max(0, totalMs - outcome.routeMs - outcome.runMs)),
      routeMs: roundMs(outcome.routeMs),
      runMs: roundMs(outcome.runMs),
      totalMs: roundMs(totalMs),
      ...toldParts(outcome.parts, open?.attempts ?? []),
    },
    ...(outcome.decision !== undefined && { decision: outcome.decision }),
    ...(outcome.validation !== undefined && { validation: outcome.validation }),
    ...(session !== undefined && { session }),
    requestHash: hashOf(intake),
    log: { request: intake.sequence, work: open?.work ?? [], failures: open?.failures ?? [] },
  };
}

/** Hash of what was asked; of nothing for a request that could not be read, or is nested too deep to be hashed. */
export function hashOf({ program, request }: Intake): string {
  if (request === undefined) return "";
  try {
    return requestHash({ program, inputs: request.inputs, options: request.options });
  } catch (thrown) {
    if (isJsonError(thrown)) return "";
    throw thrown;
  }
}

function totalUsage(attempts: readonly Attempt[]): Usage {
  const usage: Usage = { inputTokens: 0, outputTokens: 0 };
  for (const attempt of attempts) {
    if (attempt.usage === undefined) continue;
    usage.inputTokens += attempt.usage.inputTokens;
    usage.outputTokens += attempt.usage.outputTokens;
    if (attempt.usage.costUsd !== undefined) usage.costUsd = (usage.costUsd ?? 0) + attempt.usage.costUsd;
  }
  return usage;
}
