// state + command → what to do, for routers. Pure: it is taken again from the log by `dspex replay --verify`.

import { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Decision, PlanStep } from "../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { validateInputs } from "../../schemas/signature/mod.ts";
import type { Intake } from "./intake.ts";
import { makePlan, nextStep } from "./plan.ts";
import type { OpenRequest, RouterState } from "./state.ts";
import { declaredOrder } from "./strategies/declared-order.ts";
import type { Strategy } from "./strategies/strategy.ts";

/** A full log is cut within seconds, where it can be. */
const FULL_RETRY_MS = 5_000;

/** What a decision may know besides the log: which native functions this process has, how full the log is. */
export interface RouterAbilities {
  /** The log is nearly full: what is left of it is for results. */
  isLogFull(): boolean;
  hasFunction(program: string, implementation: string): boolean;
  strategy: Strategy;
}

/** One attempt to make. `inputs` have their defaults filled in. */
export interface AttemptOrder {
  id: string;
  attempt: number;
  definition: ProgramDefinition;
  implementation: Implementation;
  inputs: Record<string, unknown>;
  options: RequestOptions;
  plan: PlanStep[];
  decision: Decision;
  fallbackReason: string | undefined;
}

export type RouterAction =
  /** Answer with this error, without running anything. */
  | {
      kind: "fail";
      error: DspexError;
      decision: Decision | undefined;
      definition: ProgramDefinition | undefined;
    }
  | { kind: "attempt"; order: AttemptOrder; delayMs: number };

/** The first attempt for a request that is taken for the first time. */
export function decideRequest(
  state: RouterState,
  intake: Intake,
  inFlight: Record<string, number>,
  abilities: RouterAbilities,
): RouterAction {
  const refuse = (error: DspexError, definition?: ProgramDefinition): RouterAction => ({
    kind: "fail",
    error,
    decision: undefined,
    definition,
  });
  if (intake.request === undefined)
    return refuse(intake.error ?? new DspexError("internal", "an intake without a request"));
  if (abilities.isLogFull())
    return refuse(new DspexError("overloaded", "the log is nearly full", { retryAfterMs: FULL_RETRY_MS }));
  const { options } = intake.request;
  const found = findDefinition(state, intake.program, options.version);
  if (found instanceof DspexError) return refuse(found);
  const checked = validateInputs(signatureOf(found), intake.request.inputs, { references: true });
  if (!checked.ok) return refuse(invalidInputs(intake.program, checked.problems), found);
  const ineligible = ineligibleImplementations(found, options, abilities);
  if (ineligible instanceof DspexError) return refuse(ineligible, found);
  const answer = abilities.strategy.choose({ implementations: found.implementations, ineligible });
  if (answer === undefined) {
    return refuse(
      new DspexError(
        "no_capable_implementation",
        `no implementation of "${intake.program}" can run here: its native functions are not in this process`,
      ),
      found,
    );
  }
  const order: AttemptOrder = {
    id: intake.id,
    attempt: 1,
    definition: found,
    implementation: answer.chosen,
    inputs: checked.value as Record<string, unknown>,
    options,
    plan: makePlan(answer.chosen, answer.next),
    decision: {
      stateSequence: state.sequence,
      policyVersion: abilities.strategy.version,
      features: {},
      candidates: answer.candidates,
      chosen: answer.chosen.name,
      inFlight,
    },
    fallbackReason: undefined,
  };
  return { kind: "attempt", order, delayMs: 0 };
}

/** What follows a failed attempt: the next step of its plan, or the final answer. */
export function decideFailure(
  state: RouterState,
  open: OpenRequest,
  failed: AttemptFailed,
  intake: Intake,
  inFlight: Record<string, number>,
  abilities: RouterAbilities,
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
  const next = nextStep(failed.plan, failed.error);
  const implementation = found.implementations.find((i) => i.name === next?.step.implementation);
  if (next === undefined || implementation === undefined) return give(found);
  const checked = validateInputs(signatureOf(found), intake.request.inputs, { references: true });
  if (!checked.ok) return give(found);
  const order: AttemptOrder = {
    id: open.id,
    attempt: failed.attempt + 1,
    definition: found,
    implementation,
    inputs: checked.value as Record<string, unknown>,
    options,
    plan: next.left,
    decision: {
      stateSequence: state.sequence,
      policyVersion: abilities.strategy.version,
      features: { step: next.step.step, after: failed.error.code },
      candidates: [{ implementation: implementation.name, score: 1, probability: 1, eligible: true }],
      chosen: implementation.name,
      inFlight,
    },
    fallbackReason:
      implementation.name === failed.implementation
        ? undefined
        : `${failed.implementation}: ${failed.error.code}`,
  };
  return { kind: "attempt", order, delayMs: next.delayMs };
}

/** The AST of a definition; it was checked when the program was registered. */
export function signatureOf(definition: ProgramDefinition): Signature {
  return definition.signature as unknown as Signature;
}

function findDefinition(
  state: RouterState,
  program: string,
  version: string | undefined,
): ProgramDefinition | DspexError {
  const entry = state.programs.get(program);
  if (entry === undefined) return new DspexError("unknown_program", `no program "${program}" is registered`);
  const definition = entry.versions.get(version ?? entry.current);
  return (
    definition ??
    new DspexError("unknown_version", `program "${program}" has no version "${version}"`, { path: "version" })
  );
}

function ineligibleImplementations(
  definition: ProgramDefinition,
  options: RequestOptions,
  abilities: RouterAbilities,
): Set<string> | DspexError {
  const wanted = options.implementation;
  if (wanted !== undefined && !definition.implementations.some((i) => i.name === wanted)) {
    const names = definition.implementations.map((i) => i.name).join(", ");
    return new DspexError(
      "invalid_inputs",
      `program "${definition.name}" has no implementation "${wanted}", it has: ${names}`,
      {
        path: "implementation",
      },
    );
  }
  const ineligible = new Set<string>();
  for (const implementation of definition.implementations) {
    const excluded = wanted !== undefined && implementation.name !== wanted;
    const absent =
      implementation.kind === "native" && !abilities.hasFunction(definition.name, implementation.name);
    if (excluded || absent) ineligible.add(implementation.name);
  }
  return ineligible;
}

interface Problem {
  path: string;
  field: string;
  expected: string;
  got: string;
}

function invalidInputs(program: string, problems: readonly Problem[]): DspexError {
  const first = problems[0];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  const message =
    first === undefined
      ? "inputs do not fit"
      : `${first.path}: expected ${first.expected}, got ${first.got}${more}`;
  return new DspexError("invalid_inputs", `${program}: ${message}`, {
    path: first?.path,
    details: { problems },
  });
}

/** The strategy of routers that have learned nothing yet. */
export const DEFAULT_STRATEGY: Strategy = declaredOrder;
