// Drives a policy through an environment, request after request, and keeps what it was worth.

import { chance, normal } from "./chance.ts";
import { DEADLINE_MS, type Environment, worth } from "./environment.ts";

/** One request as a policy sees it. */
export interface Asked {
  /** 0, 1, 2, … */
  request: number;
  nowMs: number;
  task: string;
  length: number;
  available: readonly number[];
  /** Unfinished requests of each arm. */
  inFlight: readonly number[];
}

export interface Seen {
  asked: Asked;
  arm: number;
  /** Load of the arm when it was chosen. */
  inFlight: number;
  success: boolean;
  latencyMs: number;
  inTime: number;
  cost: number;
  /** Of a success, where it was scored at once. */
  quality: number | undefined;
}

export interface Policy {
  choose(asked: Asked): number;
  /** Probability of each arm in the last choice; absent = it does not know. */
  probabilities?: () => ArrayLike<number>;
  learn(seen: Seen): void;
  /** A score that comes late. */
  score?: (seen: Seen, quality: number) => void;
}

export interface Course {
  /** Expected reward of each choice. */
  worths: Float64Array;
  /** … weighted by the policy's probabilities where it has them. */
  expected: Float64Array;
  arms: Uint8Array;
}

/** Where requests do not come by a clock of their own. */
const USUAL_GAP_MS = 100;
/** Half the width of the quality's range around its mean. */
const QUALITY_NOISE = 0.3;

interface Later {
  at: number;
  run: () => void;
}

export function simulate(environment: Environment, seed: number, requests: number, policy: Policy): Course {
  const course: Course = {
    worths: new Float64Array(requests),
    expected: new Float64Array(requests),
    arms: new Uint8Array(requests),
  };
  const inFlight = new Array<number>(environment.arms).fill(0);
  const finishing: Later[] = [];
  const scoring: Later[] = [];
  let nowMs = 0;
  for (let request = 0; request < requests; request++) {
    nowMs += environment.gapMs?.(request) ?? USUAL_GAP_MS;
    runDue(finishing, nowMs);
    runDue(scoring, request);
    const asked = ask(environment, request, nowMs, inFlight);
    const arm = policy.choose(asked);
    const truth = environment.truth(request, arm, inFlight[arm] as number);
    const value = worth(truth);
    course.worths[request] = value;
    course.arms[request] = arm;
    course.expected[request] =
      policy.probabilities === undefined ? value : mean(environment, asked, policy.probabilities());

    const draw = (what: number) => chance(seed, 50 + what, request, arm);
    const latencyMs = truth.medianMs * Math.exp(truth.sigma * normal(seed, 60, request, arm));
    const noise = Math.min(QUALITY_NOISE, truth.quality, 1 - truth.quality);
    const quality = truth.quality + noise * (2 * draw(1) - 1);
    const success = draw(0) < truth.success;
    const scored = success && draw(2) < environment.scored;
    const seen: Seen = {
      asked,
      arm,
      inFlight: inFlight[arm] as number,
      success,
      latencyMs,
      inTime: latencyMs <= DEADLINE_MS ? 1 : 0,
      cost: truth.cost,
      quality: scored && environment.scoreDelay === undefined ? quality : undefined,
    };
    if (scored && environment.scoreDelay !== undefined) {
      const [least, most] = environment.scoreDelay;
      const at = request + least + Math.floor((most - least) * draw(3));
      insert(scoring, { at, run: () => policy.score?.(seen, quality) });
    }
    if (environment.gapMs === undefined) {
      policy.learn(seen);
      continue;
    }
    inFlight[arm] = (inFlight[arm] as number) + 1;
    insert(finishing, {
      at: nowMs + latencyMs,
      run: () => {
        inFlight[arm] = (inFlight[arm] as number) - 1;
        policy.learn(seen);
      },
    });
  }
  return course;
}

function ask(environment: Environment, request: number, nowMs: number, inFlight: readonly number[]): Asked {
  const available: number[] = [];
  for (let arm = 0; arm < environment.arms; arm++)
    if (environment.available(request, arm)) available.push(arm);
  const task = environment.task(request);
  return { request, nowMs, task, length: environment.length(request), available, inFlight };
}

function mean(
  environment: Environment,
  { request, available, inFlight }: Asked,
  weights: ArrayLike<number>,
): number {
  let sum = 0;
  for (const arm of available) {
    sum += (weights[arm] as number) * worth(environment.truth(request, arm, inFlight[arm] as number));
  }
  return sum;
}

function insert(queue: Later[], later: Later): void {
  let at = queue.length;
  while (at > 0 && (queue[at - 1] as Later).at > later.at) at--;
  queue.splice(at, 0, later);
}

function runDue(queue: Later[], now: number): void {
  while (queue.length > 0 && (queue[0] as Later).at <= now) queue.shift()?.run();
}
