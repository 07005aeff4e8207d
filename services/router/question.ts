// A request and what the log says → the question that a rule answers, and what the decision records of it. Pure.

import type { RewardWeights } from "../../schemas/messages/parts.ts";
import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import type { DecisionFeatures } from "../learning/outcomes/features.ts";
import { weightsFor } from "../learning/posterior/reward.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import { loadBucket } from "../learning/statistics/cell.ts";
import { analyseTask, type TaskAnalysis } from "./analysis/analyse.ts";
import { profileTask, type TaskProfile } from "./analysis/profile.ts";
import { signatureOf } from "./definitions.ts";
import type { DecidedOptions } from "./pin.ts";
import { poolOf } from "./pool-of.ts";
import type { RouterState } from "./state.ts";
import { RULES_VERSION } from "./strategies/rules.ts";
import type { Question } from "./strategies/strategy.ts";

/** Of every namespace: it is in no secret, and a request is to be decided alike wherever it is decided. */
export const SEED = 1;

const profiles = new WeakMap<ProgramDefinition, TaskProfile>();
const armKeys = new WeakMap<ProgramDefinition, readonly string[]>();

/** What the request looks like. `turns` = earlier turns of its session. */
export function analysisOf(
  definition: ProgramDefinition,
  inputs: Record<string, unknown>,
  options: RequestOptions,
  turns = 0,
): TaskAnalysis {
  let profile = profiles.get(definition);
  if (profile === undefined) {
    profile = profileTask(signatureOf(definition));
    profiles.set(definition, profile);
  }
  return analyseTask(profile, inputs, options, turns);
}

export function questionOf(
  state: RouterState,
  definition: ProgramDefinition,
  analysis: TaskAnalysis,
  options: RequestOptions,
  facts: { requestId: string; ineligible: ReadonlySet<string>; inFlight: Readonly<Record<string, number>> },
): Question {
  return {
    implementations: definition.implementations,
    program: state.learning.programs.get(definition.name),
    armKeys: armKeysOf(definition),
    loads: definition.implementations.map((one) => loadOf(one, facts.inFlight)),
    task: analysis.kind,
    length: analysis.lengthBucket,
    weights: weightsOf(definition, options),
    settings: state.policy.settings,
    seed: SEED,
    ineligible: facts.ineligible,
    requestId: facts.requestId,
  };
}

/** What a decision says of itself, so that its outcome can be folded without looking anywhere else. */
export function featuresOf(
  question: Question,
  chosen: Implementation,
  program: string,
  analysis: TaskAnalysis,
  options: DecidedOptions,
): DecisionFeatures {
  const at = question.implementations.indexOf(chosen);
  const { prefer, deadlineMs, implementation, pinnedBy, variables = {} } = options;
  return {
    program,
    rule: `${question.settings.rule}/${RULES_VERSION}`,
    place: {
      arm: question.armKeys[at] as string,
      task: question.task,
      length: question.length,
      load: question.loads[at] as number,
    },
    complexity: analysis.complexity.score,
    pool: analysis.pool,
    ...(prefer !== undefined && { prefer }),
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(implementation !== undefined && { pinned: true as const }),
    ...(pinnedBy !== undefined && { pinnedBy }),
    ...(Object.keys(variables).length > 0 && { overridden: true as const }),
  };
}

/** The request's preference, else the program's, else balanced. Weights are used in proportion. */
export function weightsOf({ routing }: ProgramDefinition, { prefer }: RequestOptions): RewardWeights {
  if (prefer !== undefined) return weightsFor(prefer);
  if (routing?.weights === undefined) return weightsFor(routing?.prefer);
  const { quality, time, cost } = routing.weights;
  const sum = quality + time + cost;
  return sum === 0 ? weightsFor(undefined) : { quality: quality / sum, time: time / sum, cost: cost / sum };
}

function armKeysOf(definition: ProgramDefinition): readonly string[] {
  let keys = armKeys.get(definition);
  if (keys === undefined) {
    keys = armsOf(definition).map(({ key }) => key);
    armKeys.set(definition, keys);
  }
  return keys;
}

/** Functions run in the router itself and wait for nobody. */
function loadOf(implementation: Implementation, inFlight: Readonly<Record<string, number>>): number {
  return implementation.kind === "native" ? 0 : loadBucket(inFlight[poolOf(implementation)] ?? 0);
}
