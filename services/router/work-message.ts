// Puts together the work message of one attempt. Pure.

import { roundMs } from "../../schemas/messages/ms.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import type { History } from "../sessions/history.ts";
import type { AttemptOrder } from "./decide.ts";
import { withHistory } from "./history-input.ts";
import type { Intake } from "./intake.ts";
import { hashOf } from "./result-message.ts";
import type { OpenRequest } from "./state.ts";

export function workOf(
  order: AttemptOrder,
  intake: Intake,
  open: OpenRequest,
  times: { routeMs: number; waitMs: number },
  history?: History,
  /** Nobody else is to take it. */
  worker?: string,
): Work {
  const { options } = order;
  return {
    id: order.id,
    attempt: order.attempt,
    user: open.user,
    program: open.program,
    version: order.definition.version,
    implementation: order.implementation.name,
    settings: settingsOf(order.implementation),
    inputs: withHistory(order.definition, intake.request, order.inputs, history?.turns),
    ...(options.session !== undefined && { session: options.session }),
    ...(history !== undefined && { history: history.turns }),
    ...(history?.previousTurn !== undefined && { previousTurn: history.previousTurn }),
    ...(worker !== undefined && { worker }),
    deadlineAt: new Date(open.deadlineAtMs).toISOString(),
    stream: options.stream ?? false,
    variables: order.variables,
    plan: order.plan,
    decision: order.decision,
    requestSequence: open.sequence,
    requestedAt: new Date(open.timeMs).toISOString(),
    requestHash: hashOf(intake),
    routeMs: roundMs(times.routeMs),
    waitMs: roundMs(times.waitMs),
    decodeMs: roundMs(intake.readMs),
    attempts: open.attempts,
    log: { work: open.work, failures: open.failures },
    ...(order.fallbackReason !== undefined && { fallbackReason: order.fallbackReason }),
  };
}

/** The implementation's own settings; what names it is in the work already, and what only routers use stays here. */
function settingsOf(implementation: Implementation): Record<string, unknown> {
  const {
    name: _name,
    lastResort: _lastResort,
    capabilities: _capabilities,
    variables: _variables,
    ...settings
  } = implementation;
  if (settings.kind !== "choice") return settings;
  // Hundreds of inputs in each message: the worker has them from the definition.
  const { calibration: _calibration, ...rest } = settings;
  return rest;
}
