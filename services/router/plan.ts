// What follows when an attempt fails. The plan is made with the decision and travels with the work, so whoever sees
// the failure knows the next step without asking anybody.

import type { ErrorCode } from "../../schemas/error-codes.ts";
import type { WireError } from "../../schemas/errors.ts";
import type { PlanStep } from "../../schemas/messages/parts.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";

/** Pauses before the same implementation is tried again, ms; together longer than a model server's restart. */
const RETRY_DELAYS_MS = [250, 1_000, 4_000] as const;

/** Errors that no other attempt can mend. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "invalid_inputs",
  "not_allowed",
  "payload_too_large",
  "deadline_exceeded",
  "cancelled",
  "budget_exceeded",
  "id_conflict",
  "unknown_program",
  "unknown_version",
]);

/** Errors after which another implementation is likelier to succeed than the same one again. */
const ANOTHER_FIRST: ReadonlySet<ErrorCode> = new Set(["output_parse_error", "output_invalid"]);

/** Retries of the chosen implementation, then each of the others once. Native functions are not retried: they are pure. */
export function makePlan(chosen: Implementation, next: readonly Implementation[]): PlanStep[] {
  const retries: PlanStep[] =
    chosen.kind === "native"
      ? []
      : RETRY_DELAYS_MS.map((delayMs) => ({ step: "retry", implementation: chosen.name, delayMs }));
  return [
    ...retries,
    ...next.map((i): PlanStep => ({ step: "fallback", implementation: i.name, delayMs: 0 })),
  ];
}

export interface NextStep {
  step: PlanStep;
  /** Before it starts, ms: the plan's pause, or longer where the error asked for it. */
  delayMs: number;
  left: PlanStep[];
}

/** The next step after an error, or undefined: give up and answer with the error. */
export function nextStep(plan: readonly PlanStep[], error: WireError): NextStep | undefined {
  if (FINAL.has(error.code)) return undefined;
  const at = plan.findIndex((step) => step.step === "fallback");
  const retryAt = plan.findIndex((step) => step.step === "retry");
  const retryFirst = error.retryable && retryAt >= 0 && !(ANOTHER_FIRST.has(error.code) && at >= 0);
  const index = retryFirst ? retryAt : at;
  const step = plan[index];
  if (step === undefined) return undefined;
  // A fallback ends the retries of what it replaces.
  const left = retryFirst ? plan.toSpliced(index, 1) : plan.slice(index + 1);
  return { step, delayMs: retryFirst ? Math.max(step.delayMs, error.retryAfterMs ?? 0) : 0, left };
}
