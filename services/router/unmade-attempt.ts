// An attempt that a router does not make, told as a failed one: so it is in the log, its request's plan goes on from it,
// and the result says so. Pure; the time comes in.

import type { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { AttemptOrder } from "./decide.ts";
import { poolOf } from "./pool-of.ts";
import type { OpenRequest } from "./state.ts";

/** `error`: `circuit_open` or `overloaded`; only of these the fold knows that nothing was begun. */
export function unmadeAttempt(
  order: AttemptOrder,
  open: OpenRequest,
  error: DspexError,
  worker: string,
  startedAt: string,
): AttemptFailed {
  return {
    id: order.id,
    attempt: order.attempt,
    implementation: order.implementation.name,
    pool: poolOf(order.implementation),
    worker,
    error: error.toWire(),
    startedAt,
    durationMs: 0,
    plan: order.plan,
    decision: order.decision,
    requestSequence: open.sequence,
    workSequence: 0,
  };
}
