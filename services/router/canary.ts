// A new version beside the one in use: which requests it gets, decided from the log alone. A request that it can take goes
// to it with exactly its share; what fails there is answered by the version in use. Pure.
//
//   draw < share ─▶ among the implementations that only the new version has ─▶ fails ─▶ those of the version in use

import type { Decision, PlanStep } from "../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import type { CanaryFeature } from "../learning/outcomes/features.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import type { TaskAnalysis } from "./analysis/analyse.ts";
import { exclusionsOf } from "./eligible.ts";
import type { Intake } from "./intake.ts";
import { questionOf } from "./question.ts";
import type { RouterState } from "./state.ts";
import { choose } from "./strategies/rules.ts";
import type { Answer, Question } from "./strategies/strategy.ts";
import { uniform } from "./strategies/thompson/draw.ts";
import { troublesOf } from "./troubles.ts";

/** Another chance than the one that picks among implementations. */
const CANARY_SEED = 2;

/** Of a program, as the log says. */
export interface Canary {
  version: string;
  /** The version in use. */
  base: string;
  share: number;
}

export interface CanaryDraw {
  /** What the decision records, whether the request goes to the new version or not. */
  feature: CanaryFeature;
  /** Where it goes there. */
  taken: { definition: ProgramDefinition; question: Question; answer: Answer } | undefined;
}

export interface CanaryFacts {
  intake: Pick<Intake, "id" | "timeMs">;
  analysis: TaskAnalysis;
  options: RequestOptions;
  inFlight: Record<string, number>;
  hasFunction: (program: string, implementation: string) => boolean;
}

/** Undefined where there is none, or the request says itself what it wants. `base` = the version in use. */
export function drawCanary(
  state: RouterState,
  base: ProgramDefinition,
  { intake, analysis, options, inFlight, hasFunction }: CanaryFacts,
): CanaryDraw | undefined {
  const entry = state.programs.get(base.name);
  const canary = entry?.canary;
  if (canary === undefined || options.version !== undefined || options.implementation !== undefined)
    return undefined;
  const definition = entry?.versions.get(canary.version);
  if (definition === undefined) return undefined;
  const { version, share } = canary;
  const excluded = exclusionsOf(definition, analysis, options, hasFunction);
  if (excluded instanceof Map) {
    const fresh = newIn(definition, base);
    const { blocked, shunned, stalled } = troublesOf(
      state,
      definition,
      Math.max(intake.timeMs, state.timeMs),
    );
    // It is being tried: what is in trouble is left alone, and a last resort is nothing to be tried.
    const ineligible = new Set(
      definition.implementations
        .filter(
          (one) =>
            !fresh.has(one.name) ||
            one.lastResort === true ||
            [excluded, blocked, shunned, stalled].some((among) => among.has(one.name)),
        )
        .map(({ name }) => name),
    );
    const facts = { requestId: intake.id, ineligible, inFlight };
    const question = questionOf(state, definition, analysis, options, facts);
    const answer = choose(question);
    if (answer !== undefined) {
      const arms = answer.candidates
        .filter(({ eligible }) => eligible)
        .map(({ implementation }) => implementation);
      const isTaken = uniform(CANARY_SEED, `${version}/${intake.id}`) < share;
      return {
        feature: { version, share, taken: isTaken, arms },
        taken: isTaken ? { definition, question, answer } : undefined,
      };
    }
  }
  return { feature: { version, share: 0, taken: false, arms: [] }, taken: undefined };
}

/** Implementations of both sides that could be chosen: stands for the functions that the router had. */
export function eligibleIn({ candidates, features }: Decision): string[] {
  const own = candidates.filter((one) => one.eligible).map((one) => one.implementation);
  const { arms } = (features.canary ?? {}) as Partial<CanaryFeature>;
  return Array.isArray(arms) ? [...new Set([...own, ...arms.map(String)])] : own;
}

/** After a failure the version in use answers, as `base` says: the new one is not tried twice. */
export function planAfterCanary({ name }: Implementation, base: Answer | undefined): PlanStep[] {
  const others = base === undefined ? [] : [base.chosen, ...base.next];
  return others
    .filter((one) => one.name !== name)
    .map((one) => ({ step: "fallback", implementation: one.name, delayMs: 0 }));
}

/** Names of what the version in use does not have as it is here; all of them where it has everything. */
function newIn(definition: ProgramDefinition, base: ProgramDefinition): ReadonlySet<string> {
  const known = new Set(armsOf(base).map(({ key }) => key));
  const arms = armsOf(definition);
  const fresh = arms.filter(({ key }) => !known.has(key));
  return new Set((fresh.length > 0 ? fresh : arms).map(({ name }) => name));
}
