// state + failed attempt → what follows, for routers. Pure, as `decide.ts`.

import { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { validateInputs } from "../../schemas/signature/mod.ts";
import { budgetExceeded } from "./budget.ts";
import { type AttemptOrder, addressed, type RouterAction } from "./decide.ts";
import { findDefinition, signatureOf } from "./definitions.ts";
import { inputsOf } from "./history-input.ts";
import type { Intake } from "./intake.ts";
import { nextStep } from "./plan.ts";
import { begunAttempts, type OpenRequest, type RouterState } from "./state.ts";
import { PLAN_RULE } from "./strategies/rules.ts";
import { blockedMs } from "./troubles.ts";
import { tune } from "./tune.ts";

/** What follows a failed attempt: the next step of its plan, or the final answer. */
export function decideFailure(
  state: RouterState,
  open: OpenRequest,
  failed: AttemptFailed,
  intake: Intake,
  inFlight: Record<string, number>,
): RouterAction {
  const error = DspexError.fromWire(failed.error);
  const give = (definition?: ProgramDefinition): RouterAction => ({
    kind: "fail",
    error,
    decision: undefined,
    definition,
  });
  if (intake.request === undefined) return give();
  const { options } = intake.request;
  const found = findDefinition(state, intake.program, options.version);
  if (found instanceof DspexError) return give();
  const next = nextStep(failed.plan, failed.error, {
    definition: found,
    failed: failed.implementation,
    attempts: open.attempts,
    blockedForMs: (one) => blockedMs(state, found, one, open.failedMs),
  });
  if (next === undefined) return give(found);
  const { implementation } = next;
  const spent = budgetExceeded(options.budget, open.attempts);
  if (spent !== undefined) return { kind: "fail", error: spent, decision: undefined, definition: found };
  // Who would wait for longer than there is time learns at once why.
  const isTooLate = open.failedMs + next.delayMs >= open.deadlineAtMs;
  if (isTooLate) return give(found);
  const checked = validateInputs(signatureOf(found), inputsOf(found, intake.request), { references: true });
  if (!checked.ok) return give(found);
  const tuned = tune(state, found, implementation, options);
  if (tuned instanceof DspexError)
    return { kind: "fail", error: tuned, decision: undefined, definition: found };
  const order: AttemptOrder = {
    id: open.id,
    attempt: begunAttempts(open) + 1,
    definition: found,
    implementation: tuned.implementation,
    inputs: checked.value as Record<string, unknown>,
    variables: tuned.variables,
    options,
    plan: next.left,
    decision: {
      stateSequence: state.sequence,
      policyVersion: String(state.policy.version),
      features: {
        program: found.name,
        rule: PLAN_RULE,
        step: next.step.step,
        after: failed.error.code,
        ...tuned.features,
      },
      candidates: [{ implementation: implementation.name, score: 1, probability: 1, eligible: true }],
      chosen: implementation.name,
      inFlight,
    },
    fallbackReason:
      implementation.name === failed.implementation
        ? undefined
        : `${failed.implementation}: ${failed.error.code}`,
  };
  // Whoever has lost it is not asked again.
  const isLost = failed.error.code === "worker_lost";
  return {
    kind: "attempt",
    order: isLost ? order : addressed(state, order, open.user),
    delayMs: next.delayMs,
  };
}
