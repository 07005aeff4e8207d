// A logged decision and its outcome, as the contest judges them: who could have been chosen, with what probability, and
// what the statistics expect of each now. Other settings answer the same question by the router's own rules.

import type { Decision, Place, RewardWeights } from "../../../schemas/messages/parts.ts";
import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";
import { choose } from "../../router/strategies/rules.ts";
import type { Question } from "../../router/strategies/strategy.ts";
import { estimateArm } from "../posterior/estimate.ts";
import { expected } from "../posterior/forecast.ts";
import { SATISFIES } from "../statistics/channel.ts";
import type { Outcome } from "../statistics/event.ts";
import { type ArmStatistics, kindIndex, type ProgramStatistics } from "../statistics/state.ts";
import type { Trial } from "./observe.ts";

/** A candidate as the program is declared: key of its arm, and load bucket as the decision saw it. */
export interface CandidateFacts {
  key: string;
  load: number;
}

export interface TrialFacts {
  sequence: number;
  decision: Decision;
  place: Place;
  outcome: Outcome;
  weights: RewardWeights;
  /** Of the implementation of this name; undefined where the program does not have it any more. */
  facts: (implementation: string) => CandidateFacts | undefined;
}

/** It has no part in any probability. */
const NO_DRAW = { seed: 0, requestId: "" };

/** Undefined where chance had nothing to decide. */
export function trialOf(program: ProgramStatistics, trial: TrialFacts): Trial | undefined {
  const { decision, place, outcome, weights, sequence } = trial;
  const candidates = decision.candidates.filter((one) => one.eligible && one.probability > 0);
  const chosen = candidates.findIndex((one) => one.implementation === decision.chosen);
  if (chosen < 0 || candidates.length < 2) return undefined;
  const implementations = candidates.map(
    ({ implementation: name }): Implementation => ({ kind: "native", name }),
  );
  const facts = candidates.map(({ implementation }, at): CandidateFacts => {
    if (at === chosen) return { key: place.arm, load: place.load };
    return trial.facts(implementation) ?? { key: "", load: 0 };
  });
  const question: Omit<Question, "settings"> = {
    implementations,
    ineligible: NONE,
    program,
    armKeys: facts.map(({ key }) => key),
    loads: facts.map(({ load }) => load),
    task: place.task,
    length: place.length,
    weights,
    ...NO_DRAW,
  };
  const answer = (settings: PolicySettings) => choose({ ...question, settings })?.candidates ?? [];
  return {
    sequence,
    probabilities: candidates.map(({ probability }) => probability),
    chosen,
    forecasts: answer(FORECASTING).map(({ score }) => score),
    reward: rewardOf(program, place, outcome, weights),
    under: (settings) => answer(settings).map(({ probability }) => probability),
  };
}

const NONE: ReadonlySet<string> = new Set();
/** Of its answer only the scores count: expected rewards, whatever the settings. */
const FORECASTING: PolicySettings = { name: "forecast", rule: "thompson", temper: 1, floor: 0.05 };

/** A quality that nobody has scored counts as the arm's is known to be. */
function rewardOf(
  program: ProgramStatistics,
  place: Place,
  { success, inTime, thrift, quality }: Outcome,
  weights: RewardWeights,
): number {
  if (!success) return 0;
  const satisfies = quality ?? expectedQuality(program, place);
  return Math.min(1, weights.quality * satisfies + weights.time * inTime + weights.cost * thrift);
}

function expectedQuality(program: ProgramStatistics, { arm, task, length, load }: Place): number {
  const arms: ArmStatistics[] = [...program.arms.values()];
  const one = program.arms.get(arm);
  if (one === undefined) return 0.5;
  estimateArm(program, arms, one, { kind: kindIndex(program, task), length, load });
  return Math.min(1, Math.max(0, expected[SATISFIES] as number));
}
