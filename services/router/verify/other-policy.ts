// What the router would have chosen at a recorded decision under other settings, from the statistics as they were.

import type { RewardWeights } from "../../../schemas/messages/parts.ts";
import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import type { Asked } from "../../learning/evaluate/gathered.ts";
import type { TaskAnalysis } from "../analysis/analyse.ts";
import { questionOf } from "../question.ts";
import type { RouterState } from "../state.ts";
import { choose } from "../strategies/rules.ts";

/**
 * Probability of each of the decision's arms; undefined where the state does not have its program.
 * @param state as of the decision's `stateSequence`.
 * @param settings absent = those in force.
 * @param weights absent = those of the request.
 */
export function probabilitiesUnder(
  state: RouterState,
  { program, version, arms, task, length, inFlight, weights: own }: Asked,
  settings?: PolicySettings,
  weights?: RewardWeights,
): number[] | undefined {
  const definition = state.programs.get(program)?.versions.get(version);
  if (definition === undefined) return undefined;
  const names = definition.implementations.map(({ name }) => name);
  const ineligible = new Set(names.filter((name) => !arms.includes(name)));
  // Of the analysis a question has no more than these two, and the decision recorded them.
  const analysis = { kind: task, lengthBucket: length } as TaskAnalysis;
  // Which one would be drawn does not matter, only how likely each is.
  const facts = { requestId: "", ineligible, inFlight };
  const question = questionOf(state, definition, analysis, {}, facts);
  const answer = choose({
    ...question,
    weights: weights ?? own,
    settings: settings ?? state.policy.settings,
  });
  const chosen = new Map(answer?.candidates.map((one) => [one.implementation, one.probability]));
  return arms.map((name) => chosen.get(name) ?? 0);
}
