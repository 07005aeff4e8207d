// The real thing: the router's strategy over statistics that the real `evolve` folds.

import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";
import { DEFAULT_SETTINGS } from "../../../services/learning/posterior/policy.ts";
import { BALANCED } from "../../../services/learning/posterior/reward.ts";
import { loadBucket } from "../../../services/learning/statistics/cell.ts";
import type { OutcomePlace } from "../../../services/learning/statistics/event.ts";
import { evolve } from "../../../services/learning/statistics/evolve.ts";
import { initialState, type LearningState } from "../../../services/learning/statistics/state.ts";
import { chooseByThompson } from "../../../services/router/strategies/thompson/thompson.ts";
import type { Asked, Policy, Seen } from "../simulate.ts";

export interface Learned extends Policy {
  state: LearningState;
}

/** `program` and `state` let several policies learn beside each other. */
export function learned(seed: number, program = "program", state = initialState(), family = ""): Learned {
  const implementations: Implementation[] = [];
  const armKeys: string[] = [];
  const weights = new Float64Array(64);
  let sequence = state.sequence;
  let declared = -1;

  const declare = (available: readonly number[]): void => {
    declared = available.length;
    implementations.length = 0;
    armKeys.length = 0;
    for (const arm of available) {
      implementations.push({ kind: "native", name: `arm-${arm}` });
      armKeys.push(`arm-${arm}@1`);
    }
    const arms = armKeys.map((key, at) => ({
      key,
      name: implementations[at]?.name ?? "",
      family: family === "" ? "" : `${family}-${available[at]}`,
    }));
    evolve(state, { kind: "arms-declared", sequence: ++sequence, program, arms });
  };
  const place = ({ asked, arm, inFlight }: Seen): OutcomePlace => ({
    program,
    arm: `arm-${arm}@1`,
    task: asked.task,
    length: asked.length,
    load: loadBucket(inFlight),
  });
  return {
    state,
    choose({ request, available, inFlight, task, length }: Asked): number {
      if (available.length !== declared) declare(available);
      const answer = chooseByThompson({
        implementations,
        ineligible: NONE,
        program: state.programs.get(program),
        armKeys,
        loads: available.map((arm) => loadBucket(inFlight[arm] as number)),
        task,
        length,
        weights: BALANCED,
        settings: SETTINGS,
        seed,
        requestId: `local.${program}.${request}`,
      });
      if (answer === undefined) throw new Error("nothing was available");
      available.forEach((arm, at) => {
        weights[arm] = answer.candidates[at]?.probability ?? 0;
      });
      return Number(answer.chosen.name.slice(4));
    },
    probabilities: () => weights,
    learn(seen: Seen): void {
      const { success, inTime, cost, quality } = seen;
      evolve(state, {
        kind: "outcome",
        sequence: ++sequence,
        place: place(seen),
        outcome: { success, inTime, thrift: 1 - cost, ...(quality !== undefined && { quality }) },
      });
    },
    score(seen: Seen, quality: number): void {
      evolve(state, { kind: "quality", sequence: ++sequence, place: place(seen), score: quality });
    },
  };
}

const NONE: ReadonlySet<string> = new Set();
const SETTINGS: PolicySettings = { name: "standard", rule: "thompson", ...DEFAULT_SETTINGS };
