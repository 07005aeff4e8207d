// state + request → what to do, for routers. Pure: it is taken again from the log by `dspex replay --verify`. What follows
// a failed attempt is in `decide-failure.ts`.

import { DspexError } from "../../schemas/errors.ts";
import type { Decision, PlanStep } from "../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import { validateInputs } from "../../schemas/signature/mod.ts";
import { drawCanary, planAfterCanary } from "./canary.ts";
import { findDefinition, signatureOf } from "./definitions.ts";
import { exclusionsOf, noneCapable } from "./eligible.ts";
import { inputsOf } from "./history-input.ts";
import type { Intake } from "./intake.ts";
import { affinityOf } from "./load/affinity.ts";
import { pinned } from "./pin.ts";
import { makePlan } from "./plan.ts";
import { poolOf } from "./pool-of.ts";
import { analysisOf, featuresOf, questionOf } from "./question.ts";
import type { RouterState } from "./state.ts";
import { choose } from "./strategies/rules.ts";
import type { Answer, Question } from "./strategies/strategy.ts";
import { type Troubles, troublesOf } from "./troubles.ts";
import { tune } from "./tune.ts";

/** A full log is cut within seconds, where it can be. */
const FULL_RETRY_MS = 5_000;

/** What a decision may know besides the log: which native functions this process has, how full the log is. */
export interface RouterAbilities {
  /** The log is nearly full: what is left of it is for results. */
  isLogFull(): boolean;
  hasFunction(program: string, implementation: string): boolean;
}

/** One attempt to make. `inputs` have their defaults filled in, `implementation` the values of its variables. */
export interface AttemptOrder {
  id: string;
  attempt: number;
  definition: ProgramDefinition;
  implementation: Implementation;
  inputs: Record<string, unknown>;
  /** By name, as the work carries them. */
  variables: Record<string, unknown>;
  options: RequestOptions;
  plan: PlanStep[];
  decision: Decision;
  fallbackReason: string | undefined;
  /** Of the pool, who is to take it; absent = whoever is free. */
  worker?: string;
}

export type RouterAction =
  /** Answer with this error, without running anything. */
  | {
      kind: "fail";
      error: DspexError;
      decision: Decision | undefined;
      definition: ProgramDefinition | undefined;
    }
  | {
      kind: "attempt";
      order: AttemptOrder;
      delayMs: number;
      /** The attempt is not to be made: it fails with this at once, and what follows is decided from there. */
      heldUp?: DspexError;
    };

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
  const found = findDefinition(state, intake.program, intake.request.options.version);
  if (found instanceof DspexError) return refuse(found);
  const options = pinned(state, found, intake.request.options);
  if (options instanceof DspexError) return refuse(options, found);
  const checked = validateInputs(signatureOf(found), inputsOf(found, intake.request), { references: true });
  if (!checked.ok) return refuse(invalidInputs(intake.program, checked.problems), found);
  const inputs = checked.value as Record<string, unknown>;
  const analysis = analysisOf(found, inputs, options);
  const excluded = exclusionsOf(found, analysis, options, abilities.hasFunction);
  if (excluded instanceof DspexError) return refuse(excluded, found);
  const ask = (ineligible: ReadonlySet<string>) =>
    questionOf(state, found, analysis, options, { requestId: intake.id, ineligible, inFlight });
  const troubles = troublesOf(state, found, Math.max(intake.timeMs, state.timeMs));
  const asked = askAround(found, excluded, troubles, ask);
  const { hasFunction } = abilities;
  const canary = drawCanary(state, found, { intake, analysis, options, inFlight, hasFunction });
  if (canary?.taken !== undefined) {
    const { definition, question, answer } = canary.taken;
    const tuned = tune(state, definition, answer.chosen, options);
    if (tuned instanceof DspexError) return refuse(tuned, definition);
    const order: AttemptOrder = {
      id: intake.id,
      attempt: 1,
      definition,
      implementation: tuned.implementation,
      inputs,
      variables: tuned.variables,
      options,
      plan: planAfterCanary(answer.chosen, asked?.answer),
      decision: {
        stateSequence: state.sequence,
        policyVersion: String(state.policy.version),
        features: {
          ...featuresOf(question, answer.chosen, found.name, analysis, options),
          canary: canary.feature,
          ...tuned.features,
        },
        candidates: answer.candidates,
        chosen: answer.chosen.name,
        inFlight,
      },
      fallbackReason: undefined,
    };
    return { kind: "attempt", order: addressed(state, order, intake.user), delayMs: 0 };
  }
  if (asked === undefined) return refuse(noneCapable(found, excluded), found);
  const { question, answer } = asked;
  const heldUp = asked.isShut ? circuitOpen(found, excluded, troubles) : undefined;
  const { chosen, next } = answer;
  const tuned = tune(state, found, chosen, options);
  if (tuned instanceof DspexError) return refuse(tuned, found);
  const later = found.implementations.filter(
    (one) => one !== chosen && !next.includes(one) && !excluded.has(one.name),
  );
  const order: AttemptOrder = {
    id: intake.id,
    attempt: 1,
    definition: found,
    implementation: tuned.implementation,
    inputs,
    variables: tuned.variables,
    options,
    plan: makePlan(chosen, [...next, ...later]),
    decision: {
      stateSequence: state.sequence,
      policyVersion: String(state.policy.version),
      features: {
        ...featuresOf(question, chosen, found.name, analysis, options),
        ...(canary !== undefined && { canary: canary.feature }),
        ...tuned.features,
      },
      candidates: answer.candidates,
      chosen: chosen.name,
      inFlight,
    },
    fallbackReason: undefined,
  };
  return {
    kind: "attempt",
    order: addressed(state, order, intake.user),
    delayMs: 0,
    ...(heldUp !== undefined && { heldUp }),
  };
}

/** A turn of a session goes to the worker that has answered its turn before, if that can take it. */
export function addressed(state: RouterState, order: AttemptOrder, user: string): AttemptOrder {
  const { options, implementation, decision } = order;
  const affinity = affinityOf(state, { user, session: options.session }, poolOf(implementation));
  if (affinity === undefined) return order;
  return {
    ...order,
    decision: { ...decision, features: { ...decision.features, affinity } },
    ...(affinity.fate === "kept" && { worker: affinity.worker }),
  };
}

interface Asked {
  question: Question;
  answer: Answer;
  /** It was chosen from what may not be tried now: there is nothing else. */
  isShut: boolean;
}

/** Leaves out as much that is in trouble as can be left out; undefined = nothing can take the request. */
function askAround(
  { implementations }: ProgramDefinition,
  excluded: ReadonlyMap<string, string>,
  { blocked, shunned, stalled }: Troubles,
  ask: (ineligible: ReadonlySet<string>) => Question,
): Asked | undefined {
  const shut = new Set([...excluded.keys(), ...blocked.keys()]);
  const avoided = new Set([...shut, ...shunned]);
  const all = new Set([...avoided, ...stalled]);
  // A last resort is for what is broken, not for what is slow.
  const isUsual = implementations.some((one) => one.lastResort !== true && !all.has(one.name));
  const ways = [isUsual ? all : avoided];
  if (shunned.size > 0) ways.push(shut);
  if (blocked.size > 0) ways.push(new Set(excluded.keys()));
  for (const ineligible of ways) {
    const question = ask(ineligible);
    const answer = choose(question);
    if (answer !== undefined) return { question, answer, isShut: blocked.has(answer.chosen.name) };
  }
  return undefined;
}

/** Nothing that could take it may be tried now. */
function circuitOpen(
  { name }: ProgramDefinition,
  excluded: ReadonlyMap<string, string>,
  { blocked }: Troubles,
): DspexError {
  const waits = [...blocked].filter(([implementation]) => !excluded.has(implementation));
  const names = waits.map(([implementation]) => implementation).join(", ");
  return new DspexError(
    "circuit_open",
    `what "${name}" could be answered by has failed too often: ${names}`,
    {
      retryAfterMs: Math.min(...waits.map(([, waitMs]) => waitMs)),
    },
  );
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
