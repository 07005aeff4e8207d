// Takes a recorded decision again, by the same functions as the router that took it. What a router knows beside the
// log, which functions its process has, is replaced by what it recorded: what could be chosen.

import type { DspexError } from "../../../schemas/errors.ts";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { decideRequest, type RouterAbilities, type RouterAction } from "../decide.ts";
import { decideFailure } from "../decide-failure.ts";
import { decideHedge } from "../hedge/decide-hedge.ts";
import type { Intake } from "../intake.ts";
import type { RouterState } from "../state.ts";
import type { RecordedDecision } from "./recorded.ts";

export type TakenAgain =
  | { kind: "decision"; decision: Decision }
  /** Nothing would have been chosen. */
  | { kind: "refusal"; error: DspexError }
  /** It follows an attempt of which the state says nothing, or after which nothing would follow. */
  | { kind: "nothing-to-follow" }
  /** It names a state from before its request, or from after itself. */
  | { kind: "impossible-state" };

/** `state` as of the decision's `stateSequence`; it is not changed. */
export function takeAgain(state: RouterState, intake: Intake, recorded: RecordedDecision): TakenAgain {
  const { kind, eligible, afterMs } = recorded;
  const inFlight = { ...recorded.inFlight };
  const abilities: RouterAbilities = {
    isLogFull: () => false,
    hasFunction: (_program, implementation) => eligible.has(implementation),
  };
  if (kind === "first") return taken(decideRequest(state, intake, inFlight, abilities));
  const open = state.open.get(intake.id);
  if (open === undefined) return { kind: "nothing-to-follow" };
  if (kind === "hedge") {
    const order = decideHedge(state, open, intake, inFlight, abilities, afterMs);
    return order === undefined
      ? { kind: "nothing-to-follow" }
      : { kind: "decision", decision: order.decision };
  }
  const { lastFailure } = open;
  if (lastFailure === undefined) return { kind: "nothing-to-follow" };
  return taken(decideFailure(state, open, lastFailure, intake, inFlight));
}

/** A router decides when its state has the request, and before it says so. */
export function isPossible({ requestSequence, stateSequence, messageSequence }: RecordedDecision): boolean {
  return requestSequence <= stateSequence && stateSequence < messageSequence;
}

function taken(action: RouterAction): TakenAgain {
  if (action.kind === "attempt") return { kind: "decision", decision: action.order.decision };
  const { decision, error } = action;
  return decision === undefined ? { kind: "refusal", error } : { kind: "decision", decision };
}
