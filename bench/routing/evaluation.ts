// Do the intervals for other policies hold? A learning policy writes a log, other policies are evaluated on it, and the
// world tells what they would really have got.

import { type Evaluation, evaluate } from "../../services/learning/evaluate/evaluate.ts";
import type { LoggedDecision, TargetPolicy } from "../../services/learning/evaluate/logged.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import { type Environment, worth } from "./environment.ts";
import { learned } from "./policies/learned.ts";
import { type Asked, simulate } from "./simulate.ts";

export interface Target {
  name: string;
  /** Takes mostly what the logging policy takes. */
  overlaps: boolean;
  policy: TargetPolicy;
}

export interface Judged {
  target: Target;
  truth: number;
  evaluation: Evaluation;
}

interface Log {
  decisions: LoggedDecision[];
  asked: Asked[];
}

/** The log of the router's own policy over so many requests. */
function record(environment: Environment, seed: number, requests: number): Log {
  const policy = learned(seed);
  const log: Log = { decisions: [], asked: [] };
  simulate(environment, seed, requests, {
    choose(asked) {
      const arm = policy.choose(asked);
      const probabilities = policy.probabilities?.() ?? [];
      log.asked.push(asked);
      log.decisions.push({
        context: `${asked.task}/${asked.length}`,
        arms: asked.available.map((one) => `arm-${one}`),
        probabilities: asked.available.map((one) => probabilities[one] as number),
        chosen: asked.available.indexOf(arm),
        reward: 0,
      });
      return arm;
    },
    learn(seen) {
      policy.learn(seen);
      const { success, quality, inTime, cost, asked } = seen;
      const decision = log.decisions[asked.request] as LoggedDecision;
      if (success) {
        decision.reward =
          BALANCED.quality * (quality ?? 0) + BALANCED.time * inTime + BALANCED.cost * (1 - cost);
      }
    },
  });
  return log;
}

export function judge(environment: Environment, seed: number, requests: number): Judged[] {
  const log = record(environment, seed, requests);
  return targetsFor(environment, log).map((target) => ({
    target,
    truth: truthOf(environment, log, target.policy),
    evaluation: evaluate(log.decisions, target.policy),
  }));
}

/** Chosen by what is true, not by the log: who picks a target because the log flatters it has to expect less of it. */
function targetsFor(environment: Environment, { asked }: Log): Target[] {
  const sums = new Map<string, number>();
  for (const { request, available } of asked) {
    for (const arm of available) {
      const name = `arm-${arm}`;
      sums.set(name, (sums.get(name) ?? 0) + worth(environment.truth(request, arm, 0)));
    }
  }
  const byWorth = [...sums].sort((a, b) => b[1] - a[1]).map(([arm]) => arm);
  const always = (arm: string | undefined): TargetPolicy => {
    return ({ arms }) => arms.map((one) => (one === arm ? 1 : 0));
  };
  const softened: TargetPolicy = ({ probabilities }) => {
    const roots = Array.from(probabilities, Math.sqrt);
    const sum = roots.reduce((a, b) => a + b, 0);
    return roots.map((root) => root / sum);
  };
  const mixed: TargetPolicy = ({ arms, probabilities }) =>
    Array.from(probabilities, (p) => 0.8 * p + 0.2 / arms.length);
  return [
    { name: "the best arm alone", overlaps: false, policy: always(byWorth[0]) },
    { name: "the logging policy, softened", overlaps: true, policy: softened },
    { name: "the logging policy, a fifth at random", overlaps: true, policy: mixed },
    { name: "uniform", overlaps: false, policy: ({ arms }) => arms.map(() => 1 / arms.length) },
    { name: "the second best arm alone", overlaps: false, policy: always(byWorth[1]) },
    { name: "the worst arm alone", overlaps: false, policy: always(byWorth.at(-1)) },
  ];
}

/** Mean expected reward of the target on the same requests. */
function truthOf(environment: Environment, { decisions, asked }: Log, target: TargetPolicy): number {
  let sum = 0;
  for (const [index, decision] of decisions.entries()) {
    const wanted = target(decision, index);
    const { request, available } = asked[index] as Asked;
    for (const [at, arm] of available.entries()) {
      if ((wanted[at] as number) > 0)
        sum += (wanted[at] as number) * worth(environment.truth(request, arm, 0));
    }
  }
  return sum / decisions.length;
}
