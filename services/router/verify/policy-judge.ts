// Folds the log and asks another policy each gathered decision, from the statistics that it was taken from.

import type { RewardWeights } from "../../../schemas/messages/parts.ts";
import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import type { GatheredDecisions } from "../../learning/evaluate/gathered.ts";
import type { JudgedDecisions } from "../../learning/evaluate/judged.ts";
import { probabilitiesUnder } from "./other-policy.ts";
import { StateWalk, type StateWalkOptions } from "./state-walk.ts";

export interface PolicyJudgeOptions extends StateWalkOptions {
  /** Absent = those in force at each decision. */
  settings: PolicySettings | undefined;
  /** Absent = those of each request. */
  weights: RewardWeights | undefined;
}

/** Decisions whose state is no longer in the log stay unknown. */
export function judgeWalk(
  gathered: GatheredDecisions,
  judged: JudgedDecisions,
  { settings, weights, ...options }: PolicyJudgeOptions,
): StateWalk {
  return new StateWalk(gathered.stateSequences, options, (indexes, state) => {
    if (state === undefined) return;
    for (const index of indexes) {
      const probabilities = probabilitiesUnder(state, gathered.asked(index), settings, weights);
      if (probabilities !== undefined) judged.set(index, probabilities);
    }
  });
}
