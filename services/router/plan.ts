// What follows when an attempt fails. The plan is made with the decision and travels with the work, so whoever sees
// the failure knows what is left; which step of it comes next depends on the kind of error.
//
//   cannot be mended   invalid inputs, deadline, …                      ends
//   too much, too long overloaded · context window · key · rejected     another pool · larger · another model
//   bad answer         output_*                                         constrained, else another form, else any
//   passing            timeout, 5xx, worker lost                        the same again, then another model or pool

import type { ErrorCode } from "../../schemas/error-codes.ts";
import type { WireError } from "../../schemas/errors.ts";
import type { Attempt, PlanStep } from "../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { modelOf } from "./breakers/keys.ts";
import { poolOf } from "./pool-of.ts";

/** Pauses before the same implementation is tried again, ms; together longer than a model server's restart. */
const RETRY_DELAYS_MS = [250, 1_000, 4_000] as const;
/** A provider that asks for more is left for another one. */
const LONG_PAUSE_MS = 2_000;

/** How often a request waits for a breaker, each time twice as long at least: half a minute in all. */
const MOST_WAITS = 5;
const FIRST_WAIT_MS = 1_000;

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

type FailedAttempt = Pick<Attempt, "implementation" | "error">;
type Find = (name: string) => Implementation | undefined;

export interface FailureContext {
  definition: ProgramDefinition;
  /** Name of the implementation whose attempt failed. */
  failed: string;
  /** All failed attempts of the request, this one included. */
  attempts: readonly FailedAttempt[];
  /** How long a breaker keeps an implementation from being tried, ms; 0 = it does not. */
  blockedForMs(implementation: Implementation): number;
}

export interface NextStep {
  step: PlanStep;
  implementation: Implementation;
  /** Before it starts, ms: the plan's pause, or longer where the error or a breaker asks for it. */
  delayMs: number;
  left: PlanStep[];
}

/** In which order steps are taken. Of two alike, the earlier in the plan. */
const FIRST = 0;
const SAME_AGAIN = 1;
const FITTING = 2;
const OTHER = 3;
const SAME_AT_LAST = 4;
const LAST_RESORT = 5;
const BLOCKED = 6;
const NEVER = 7;

/** The next step after an error, or undefined: give up and answer with the error. */
export function nextStep(
  plan: readonly PlanStep[],
  error: WireError,
  context: FailureContext,
): NextStep | undefined {
  if (FINAL.has(error.code)) return undefined;
  const { definition, failed, attempts } = context;
  const find: Find = (name) => definition.implementations.find((one) => one.name === name);
  const before = find(failed);
  const way = wayOf(error, before, attempts);
  const hasFailed = new Set([failed, ...attempts.map(({ implementation }) => implementation)]);
  const isUseless = uselessAfter(attempts, find);
  const waits = attempts.filter((one) => one.error?.code === "circuit_open").length;
  let best: NextStep | undefined;
  let bestRank = NEVER;
  for (const step of plan) {
    const implementation = find(step.implementation);
    if (implementation === undefined) continue;
    const blockedMs = context.blockedForMs(implementation);
    const isOut = hasFailed.has(step.implementation) || isUseless(implementation);
    const rank =
      step.step === "retry"
        ? retryRank(error, way, blockedMs, waits)
        : isOut
          ? NEVER
          : otherRank(implementation, way, blockedMs);
    if (rank >= bestRank) continue;
    bestRank = rank;
    best = {
      step,
      implementation,
      delayMs: Math.max(delayOf(step, implementation, error, before), blockedMs, waitOf(step, error, waits)),
      left: [],
    };
  }
  if (best === undefined) return undefined;
  const { step } = best;
  best.left = plan.filter((one) => {
    // Who waits for a breaker has not tried anything.
    if (one === step) return isWait(step, error);
    // Another implementation ends the retries of what it replaces.
    return one.step === "retry" ? step.step === "retry" : !hasFailed.has(one.implementation);
  });
  return best;
}

/** What cannot do better: a model that refused our key, or that reads no more than one for which this was too long. */
function uselessAfter(attempts: readonly FailedAttempt[], find: Find): (one: Implementation) => boolean {
  const models = new Set<string | undefined>();
  let tooFewTokens = 0;
  for (const { implementation, error } of attempts) {
    if (error?.code !== "lm_auth" && error?.code !== "context_window_exceeded") continue;
    const failed = find(implementation);
    if (failed === undefined || modelOf(failed) === undefined) continue;
    models.add(modelOf(failed));
    if (error.code === "context_window_exceeded")
      tooFewTokens = Math.max(tooFewTokens, failed.capabilities?.contextTokens ?? 0);
  }
  return (one) => models.has(modelOf(one)) || (one.capabilities?.contextTokens ?? Infinity) <= tooFewTokens;
}

/** How a kind of error is got over. */
interface Way {
  /** Others before the same one again. */
  othersFirst: boolean;
  /** Implementations that are likelier to do better; the others come later, or not at all. */
  fits: (one: Implementation) => boolean;
  /** Those that do not fit: like the others, after the same one again, or not at all. */
  unfit: typeof OTHER | typeof LAST_RESORT | typeof NEVER;
}

const ANY = () => true;

function wayOf(
  error: WireError,
  failed: Implementation | undefined,
  attempts: readonly FailedAttempt[],
): Way {
  const otherModel = (one: Implementation) => !isSameModel(one, failed);
  const otherPool = (one: Implementation) => failed === undefined || placeOf(one) !== placeOf(failed);
  switch (error.code) {
    case "output_parse_error":
    case "output_invalid": {
      const isFree = failed === undefined || !isConstrained(failed);
      return {
        othersFirst: true,
        fits: (one) => (isFree ? isConstrained(one) : isOtherForm(one, failed)),
        unfit: OTHER,
      };
    }
    case "context_window_exceeded":
    case "lm_auth":
      return { othersFirst: true, fits: otherModel, unfit: NEVER };
    case "lm_rejected":
      return { othersFirst: true, fits: otherModel, unfit: OTHER };
    case "overloaded":
      return { othersFirst: true, fits: otherPool, unfit: LAST_RESORT };
    case "circuit_open":
      return { othersFirst: true, fits: ANY, unfit: OTHER };
    case "lm_rate_limited":
      return {
        othersFirst: (error.retryAfterMs ?? 0) > LONG_PAUSE_MS,
        fits: otherModel,
        unfit: LAST_RESORT,
      };
    case "worker_lost": {
      const lost = attempts.filter((one) => one.error?.code === "worker_lost").length;
      return { othersFirst: lost > 1, fits: otherPool, unfit: OTHER };
    }
    case "unavailable":
      return { othersFirst: false, fits: otherPool, unfit: OTHER };
    case "lm_unavailable":
    case "lm_timeout":
      return { othersFirst: false, fits: otherModel, unfit: OTHER };
    default:
      return { othersFirst: !error.retryable, fits: ANY, unfit: OTHER };
  }
}

function retryRank(
  { retryable, code }: WireError,
  { othersFirst }: Way,
  blockedMs: number,
  waits: number,
): number {
  if (!retryable || (code === "circuit_open" && waits > MOST_WAITS)) return NEVER;
  if (blockedMs > 0) return BLOCKED;
  return othersFirst ? SAME_AT_LAST : SAME_AGAIN;
}

function otherRank(one: Implementation, { othersFirst, fits, unfit }: Way, blockedMs: number): number {
  const isFit = fits(one);
  if (!isFit && unfit === NEVER) return NEVER;
  if (blockedMs > 0) return BLOCKED;
  if (one.lastResort === true) return LAST_RESORT;
  if (!isFit) return unfit;
  return othersFirst ? FIRST : FITTING;
}

function delayOf(
  step: PlanStep,
  implementation: Implementation,
  { code, retryAfterMs = 0 }: WireError,
  failed: Implementation | undefined,
): number {
  const isLimited = code === "lm_rate_limited" && isSameModel(implementation, failed);
  const askedMs = step.step === "retry" || isLimited ? retryAfterMs : 0;
  return Math.max(step.delayMs, askedMs);
}

function waitOf(step: PlanStep, error: WireError, waits: number): number {
  return isWait(step, error) ? FIRST_WAIT_MS * 2 ** (waits - 1) : 0;
}

function isWait({ step }: PlanStep, { code }: WireError): boolean {
  return step === "retry" && code === "circuit_open";
}

/** Functions have no model, and of users' modules that name none it is not known. */
function isSameModel(one: Implementation, failed: Implementation | undefined): boolean {
  const model = modelOf(one);
  return model !== undefined && failed !== undefined && model === modelOf(failed);
}

/** Functions need no place in a pool. */
function placeOf(one: Implementation): string | undefined {
  return one.kind === "native" ? undefined : poolOf(one);
}

function isConstrained({ kind }: Implementation): boolean {
  return kind === "choice" || kind === "structured";
}

function isOtherForm(one: Implementation, failed: Implementation | undefined): boolean {
  if (failed === undefined || one.kind !== failed.kind) return true;
  if (one.kind !== "dspy" || failed.kind !== "dspy") return false;
  return one.adapter !== failed.adapter || one.module !== failed.module;
}
