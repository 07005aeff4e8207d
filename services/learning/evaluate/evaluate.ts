// Another policy on yesterday's log: three estimates, how many of the decisions say anything about it, and in plain words
// when they do not say enough.

import { importanceSampling, meanOf, scoresOf, selfNormalised } from "./estimators.ts";
import type { Estimate } from "./interval.ts";
import type { DecisionLog, TargetPolicy } from "./logged.ts";

export interface Evaluation {
  decisions: number;
  /** What was got, with the interval of its mean. */
  logged: Estimate;
  importanceSampling: Estimate;
  selfNormalised: Estimate;
  /** The one to go by. */
  doublyRobust: Estimate;
  /** Doubly robust, above the policy that wrote the log: better or worse where its interval leaves out 0. */
  gain: Estimate;
  /** Decisions that the log is worth for this policy. */
  effectiveSampleSize: number;
  /** Part of the policy's choices that the log never makes. */
  unsupported: number;
  warnings: string[];
}

/** Whether the policy would have been better than what was in force. */
export type Verdict = "better" | "worse" | "the same" | "cannot tell";

/** Below it the interval rests on the luck of a few decisions. */
const LEAST_SAMPLE = 100;
/** An interval that is wider tells no two policies apart. */
const WIDEST = 0.05;
const MOST_UNSUPPORTED = 0.01;
/** Standard errors by which the mean weight may differ from 1. */
const WEIGHT_TOLERANCE = 4;

export function evaluate(log: DecisionLog, target: TargetPolicy): Evaluation {
  const scores = scoresOf(log, target);
  let total = 0;
  let squares = 0;
  for (const weight of scores.weights) {
    total += weight;
    squares += weight * weight;
  }
  const n = log.length;
  const evaluation: Evaluation = {
    decisions: n,
    logged: meanOf(scores.rewards),
    importanceSampling: importanceSampling(scores),
    selfNormalised: selfNormalised(scores),
    doublyRobust: meanOf(scores.robust),
    gain: meanOf(scores.gains),
    effectiveSampleSize: squares === 0 ? 0 : (total * total) / squares,
    unsupported: n === 0 ? 0 : scores.unsupported / n,
    warnings: [],
  };
  evaluation.warnings.push(...warningsOf(evaluation, total, squares));
  return evaluation;
}

/** By the interval of the gain, where the data say enough of the policy. */
export function verdictOf({ decisions, gain, effectiveSampleSize, unsupported }: Evaluation): Verdict {
  if (decisions > 0 && gain.value === 0 && gain.halfWidth === 0) return "the same";
  const isKnown = effectiveSampleSize >= LEAST_SAMPLE && unsupported <= MOST_UNSUPPORTED;
  if (!isKnown || Math.abs(gain.value) <= gain.halfWidth) return "cannot tell";
  return gain.value > 0 ? "better" : "worse";
}

function* warningsOf(evaluation: Evaluation, total: number, squares: number): Generator<string> {
  const { decisions, doublyRobust: best, effectiveSampleSize, unsupported } = evaluation;
  if (unsupported > MOST_UNSUPPORTED) {
    yield `the policy makes ${percent(unsupported)} of its choices where the log never does: nothing is known of those`;
  }
  if (effectiveSampleSize < LEAST_SAMPLE) {
    yield `the log is worth ${Math.floor(effectiveSampleSize)} decisions of this policy, fewer than ${LEAST_SAMPLE}: the data cannot tell`;
  }
  if (best.halfWidth > WIDEST) {
    yield `the interval is ±${best.halfWidth.toFixed(3)} wide: policies closer than that cannot be told apart`;
  }
  const average = total / decisions;
  const deviation = Math.sqrt(Math.max(0, squares / decisions - average * average) / decisions);
  if (unsupported <= MOST_UNSUPPORTED && Math.abs(average - 1) > WEIGHT_TOLERANCE * deviation + 1e-9) {
    yield `weights average ${average.toFixed(3)} instead of 1: the logged probabilities are not those that were used`;
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
