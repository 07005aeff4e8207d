// Other policies on the same traces: what each implementation really answered to each sentence, and how long it took,
// is what a policy gets when it chooses that one. Our own is the router's strategy over its real statistics. Pure.

import { chance } from "../routing/chance.ts";
import { always, epsilonGreedy, roundRobin } from "../routing/policies/baselines.ts";
import { learned } from "../routing/policies/learned.ts";
import { PEERS } from "../routing/policies/peers.ts";
import type { Asked, Policy } from "../routing/simulate.ts";

export interface Trace {
  success: boolean;
  latencyMs: number;
  inTime: number;
  thrift: number;
  right: number;
  reward: number;
}

/** By implementation in declared order: one trace a sentence. */
export type Traces = readonly (readonly Trace[])[];

export interface Replayed {
  name: string;
  /** Mean rewards of the first requests, and of all. */
  early: number;
  all: number;
  /** Share of right answers over all. */
  right: number;
}

const EARLY = 100;
const POLICIES: Record<string, (seed: number) => Policy> = {
  "declared order": () => always(0),
  "round robin": roundRobin,
  "ε-greedy": epsilonGreedy,
  ours: (seed) => learned(seed),
  ...Object.fromEntries(Object.entries(PEERS).map(([name, make]) => [`LiteLLM ${name}`, make])),
};
/** Every sentence of these data sets is of one kind. */
const TASK = "label/low/english";

/** Means over as many orders of the sentences. */
export function replay(traces: Traces, requests: number, seeds: number): Replayed[] {
  return Object.entries(POLICIES).map(([name, make]) => {
    const sums = { early: 0, all: 0, right: 0 };
    for (let seed = 0; seed < seeds; seed++) {
      const course = runOnce(traces, requests, seed, make(seed));
      sums.early += mean(course.slice(0, EARLY).map(({ reward }) => reward));
      sums.all += mean(course.map(({ reward }) => reward));
      sums.right += mean(course.map(({ right }) => right));
    }
    return { name, early: sums.early / seeds, all: sums.all / seeds, right: sums.right / seeds };
  });
}

function runOnce(traces: Traces, requests: number, seed: number, policy: Policy): Trace[] {
  const arms = traces.map((_, arm) => arm);
  const inFlight = arms.map(() => 0);
  const sentences = traces[0]?.length ?? 0;
  let nowMs = 0;
  return Array.from({ length: requests }, (_, request) => {
    const asked: Asked = { request, nowMs, task: TASK, length: 0, available: arms, inFlight };
    const arm = policy.choose(asked);
    const trace = traces[arm]?.[Math.floor(chance(seed, 90, request) * sentences)] as Trace;
    const { success, latencyMs, inTime, thrift, right } = trace;
    nowMs += latencyMs;
    policy.learn({
      asked,
      arm,
      inFlight: 0,
      success,
      latencyMs,
      inTime,
      cost: 1 - thrift,
      quality: success ? right : undefined,
    });
    return trace;
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
