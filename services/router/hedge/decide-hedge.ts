// Whether a second attempt is started beside one that takes too long, and which. Pure: the router's timer only asks.

import { DspexError } from "../../../schemas/errors.ts";
import { placeSchema } from "../../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import { validateInputs } from "../../../schemas/signature/mod.ts";
import { standingOf } from "../../learning/policy/state.ts";
import { budgetExceeded } from "../budget.ts";
import type { AttemptOrder, RouterAbilities } from "../decide.ts";
import { findDefinition, signatureOf } from "../definitions.ts";
import { exclusionsOf } from "../eligible.ts";
import { inputsOf } from "../history-input.ts";
import type { Intake } from "../intake.ts";
import { hasRoom } from "../load/wait.ts";
import { pinned } from "../pin.ts";
import { makePlan } from "../plan.ts";
import { poolOf } from "../pool-of.ts";
import { analysisOf, questionOf } from "../question.ts";
import { begunAttempts, type OpenRequest, type RouterState, type RunningAttempt } from "../state.ts";
import { choose, PLAN_RULE } from "../strategies/rules.ts";
import { troublesOf } from "../troubles.ts";
import { tune } from "../tune.ts";

/** How long the first attempt may take before a second one is considered, ms; undefined = there will be none. */
export function hedgeAfterMs(
  { policy }: RouterState,
  { attempt, definition, options, decision }: AttemptOrder,
): number | undefined {
  if (attempt !== 1 || !isHedged(definition, options)) return undefined;
  const place = placeSchema.safeParse(decision.features.place).data;
  return place && standingOf(policy, definition.name, place.task, place.arm)?.p95Ms;
}

/** What is streamed is read by somebody already: a second attempt would start over. */
function isHedged({ routing }: ProgramDefinition, { hedge, stream }: RequestOptions): boolean {
  return stream !== true && (hedge ?? routing?.hedge ?? false);
}

/** @param afterMs age of the first attempt. Undefined = it goes on alone. */
export function decideHedge(
  state: RouterState,
  open: OpenRequest,
  intake: Intake,
  inFlight: Record<string, number>,
  abilities: RouterAbilities,
  afterMs: number,
): AttemptOrder | undefined {
  const first = open.running.find(({ attempt }) => attempt === 1);
  if (first === undefined || begunAttempts(open) > 1 || intake.request === undefined) return undefined;
  const definition = findDefinition(state, intake.program, first.version);
  if (definition instanceof DspexError) return undefined;
  const options = pinned(state, definition, intake.request.options);
  if (options instanceof DspexError || !isHedged(definition, options)) return undefined;
  if (abilities.isLogFull() || budgetExceeded(options.budget, open.attempts) !== undefined) return undefined;
  const checked = validateInputs(signatureOf(definition), inputsOf(definition, intake.request), {
    references: true,
  });
  if (!checked.ok) return undefined;
  const inputs = checked.value as Record<string, unknown>;
  const analysis = analysisOf(definition, inputs, options);
  const excluded = exclusionsOf(definition, analysis, options, abilities.hasFunction);
  if (excluded instanceof DspexError) return undefined;
  const nowMs = Math.max(state.timeMs, first.sinceMs + afterMs);
  const eligible = eligibleFor(state, definition, excluded, first, inFlight, nowMs);
  const ineligible = new Set(
    definition.implementations.filter((one) => !eligible.includes(one)).map(({ name }) => name),
  );
  const facts = { requestId: intake.id, ineligible, inFlight };
  const answer = choose(questionOf(state, definition, analysis, options, facts));
  if (answer === undefined) return undefined;
  const scores = new Map(answer.candidates.map(({ implementation, score }) => [implementation, score]));
  const score = ({ name }: Implementation) => scores.get(name) ?? 0;
  const [hedge, ...next] = eligible.toSorted((a, b) => score(b) - score(a));
  if (hedge === undefined) return undefined;
  const tuned = tune(state, definition, hedge, options);
  if (tuned instanceof DspexError) return undefined;
  const later = definition.implementations.filter(
    (one) => !eligible.includes(one) && !excluded.has(one.name) && one.name !== first.implementation,
  );
  return {
    id: open.id,
    attempt: begunAttempts(open) + 1,
    definition,
    implementation: tuned.implementation,
    inputs,
    variables: tuned.variables,
    options,
    plan: makePlan(hedge, [...next, ...later]),
    decision: {
      stateSequence: state.sequence,
      policyVersion: String(state.policy.version),
      // Should it win, the result tells by itself whom it has overtaken.
      features: {
        program: definition.name,
        rule: PLAN_RULE,
        step: "hedge",
        afterMs,
        ...(first.place !== undefined && { beside: first.place }),
        ...(options.deadlineMs !== undefined && { deadlineMs: options.deadlineMs }),
        ...tuned.features,
      },
      candidates: answer.candidates.map((candidate) => ({
        ...candidate,
        probability: candidate.implementation === hedge.name ? 1 : 0,
      })),
      chosen: hedge.name,
      inFlight,
    },
    fallbackReason: hedge.name === first.implementation ? undefined : `${first.implementation}: hedge`,
  };
}

/**
 * Others that could start at once; the same one again where there is no other. Never what would wait for a slot: a
 * second attempt that waits helps nobody, and everybody's hedges would fill a pool that is slow because it is full.
 */
function eligibleFor(
  state: RouterState,
  definition: ProgramDefinition,
  excluded: ReadonlyMap<string, string>,
  first: RunningAttempt,
  inFlight: Readonly<Record<string, number>>,
  nowMs: number,
): Implementation[] {
  const { blocked, shunned, stalled } = troublesOf(state, definition, nowMs);
  const ready = definition.implementations.filter((one) => {
    if (one.lastResort === true || excluded.has(one.name) || blocked.has(one.name)) return false;
    const pool = poolOf(one);
    return one.kind === "native" || hasRoom(state.load, pool, inFlight[pool] ?? 0);
  });
  const isWell = ({ name }: Implementation) => !shunned.has(name) && !stalled.has(name);
  const others = ready.filter((one) => one.name !== first.implementation && isWell(one));
  return others.length > 0 ? others : ready.filter(({ name }) => name === first.implementation);
}
