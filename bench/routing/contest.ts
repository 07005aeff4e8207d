// Does the contest of settings keep its promise on the decisions of a learning policy, and how soon does it find better
// settings? Through the code of the learning service: the router's rules, its statistics, the service's bets.

import type { PolicySettings } from "../../schemas/messages/policy-event.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { observeTrial } from "../../services/learning/contest/observe.ts";
import { newContest } from "../../services/learning/contest/state.ts";
import { trialOf } from "../../services/learning/contest/trial.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import { evolve } from "../../services/learning/statistics/evolve.ts";
import { initialState, type ProgramStatistics } from "../../services/learning/statistics/state.ts";
import { choose } from "../../services/router/strategies/rules.ts";
import { type Environment, worth } from "./environment.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { simulate } from "./simulate.ts";

export interface ContestRun {
  /** Decision at which other settings won, and which; undefined = none did. */
  promotedAt: number | undefined;
  settings: string | undefined;
  /** What they would really have got more over the decisions until then, points of reward. */
  gain: number;
}

const PROGRAM = "program";

/** A world where every arm is worth the same, so that no settings are better than others. */
export function alike(seed: number): Environment {
  const world = (ENVIRONMENTS.a as (typeof ENVIRONMENTS)[string]).make(seed);
  const truth = world.truth(0, 0, 0);
  return { ...world, truth: () => truth };
}

/** Runs the champion for so many requests, or until the contest has a verdict. */
export function runContest(
  environment: Environment,
  seed: number,
  requests: number,
  champion: PolicySettings,
): ContestRun {
  const implementations: Implementation[] = Array.from({ length: environment.arms }, (_, arm) => ({
    kind: "native",
    name: `arm-${arm}`,
  }));
  const armKeys = implementations.map(({ name }) => `${name}@1`);
  const state = initialState();
  evolve(state, {
    kind: "arms-declared",
    sequence: 1,
    program: PROGRAM,
    arms: implementations.map(({ name }) => ({ key: `${name}@1`, name, family: "" })),
  });
  const contest = newContest(champion);
  const gains = new Map<string, number>();
  let sequence = 1;
  let promotedAt: number | undefined;
  let candidates: { implementation: string; score: number; probability: number; eligible: boolean }[] = [];
  const program = () => state.programs.get(PROGRAM) as ProgramStatistics;
  simulate(environment, seed, requests, {
    choose({ request, available, task, length }) {
      const ineligible = new Set(
        implementations.flatMap(({ name }, arm) => (available.includes(arm) ? [] : [name])),
      );
      const answer = choose({
        implementations,
        ineligible,
        program: program(),
        armKeys,
        loads: armKeys.map(() => 0),
        task,
        length,
        weights: BALANCED,
        settings: champion,
        seed,
        requestId: `local.c.${request}`,
      });
      candidates = answer?.candidates ?? [];
      return Number(answer?.chosen.name.slice(4));
    },
    learn({ asked, arm, success, inTime, cost, quality }) {
      if (promotedAt !== undefined) return;
      sequence++;
      const place = { arm: `arm-${arm}@1`, task: asked.task, length: asked.length, load: 0 };
      const outcome = { success, inTime, thrift: 1 - cost, ...(quality !== undefined && { quality }) };
      const trial = trialOf(program(), {
        sequence,
        decision: {
          stateSequence: sequence - 1,
          policyVersion: "1",
          features: {},
          candidates,
          chosen: `arm-${arm}`,
          inFlight: {},
        },
        place,
        outcome,
        weights: BALANCED,
        facts: (name) => ({ key: `${name}@1`, load: 0 }),
      });
      if (trial !== undefined) {
        const eligible = candidates.filter((one) => one.eligible && one.probability > 0);
        for (const { settings } of contest.challengers) {
          const wanted = trial.under(settings);
          const more = eligible.reduce((sum, { implementation, probability }, k) => {
            const truth = environment.truth(asked.request, Number(implementation.slice(4)), 0);
            return sum + ((wanted[k] as number) - probability) * worth(truth);
          }, 0);
          gains.set(settings.name, (gains.get(settings.name) ?? 0) + more);
        }
        observeTrial(contest, trial, champion, undefined);
        if (contest.verdict !== undefined) promotedAt = asked.request + 1;
      }
      evolve(state, { kind: "outcome", sequence, place: { program: PROGRAM, ...place }, outcome });
    },
  });
  const settings = contest.verdict?.to.name;
  const total = settings === undefined ? 0 : (gains.get(settings) ?? 0);
  return { promotedAt, settings, gain: (100 * total) / (promotedAt ?? requests) };
}
