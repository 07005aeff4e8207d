// Another policy on yesterday's log: three estimates, how many of the decisions say anything about it, and in plain words
// when they do not say enough.

import { doublyRobust, importanceSampling, selfNormalised } from "./estimators.ts";
import type { Estimate } from "./interval.ts";
import { type LoggedDecision, type TargetPolicy, weightOf } from "./logged.ts";

export interface Evaluation {
  decisions: number;
  /** What was got, with the interval of its mean. */
  logged: Estimate;
  importanceSampling: Estimate;
  selfNormalised: Estimate;
  /** The one to go by. */
  doublyRobust: Estimate;
  /** Decisions that the log is worth for this policy. */
  effectiveSampleSize: number;
  /** Part of the policy's choices that the log never makes. */
  unsupported: number;
  warnings: string[];
}

/** Below it the interval rests on the luck of a few decisions. */
const LEAST_SAMPLE = 100;
/** An interval that is wider tells no two policies apart. */
const WIDEST = 0.05;
const MOST_UNSUPPORTED = 0.01;
/** Standard errors by which the mean weight may differ from 1. */
const WEIGHT_TOLERANCE = 4;

export function evaluate(log: readonly LoggedDecision[], target: TargetPolicy): Evaluation {
  let total = 0;
  let squares = 0;
  let missing = 0;
  for (const [index, one] of log.entries()) {
    const wanted = target(one, index);
    const weight = weightOf(one, wanted);
    total += weight;
    squares += weight * weight;
    for (let at = 0; at < one.arms.length; at++) {
      if ((one.probabilities[at] as number) <= 0) missing += wanted[at] as number;
    }
  }
  const n = log.length;
  const evaluation: Evaluation = {
    decisions: n,
    logged: importanceSampling(log, ({ probabilities }) => probabilities),
    importanceSampling: importanceSampling(log, target),
    selfNormalised: selfNormalised(log, target),
    doublyRobust: doublyRobust(log, target),
    effectiveSampleSize: squares === 0 ? 0 : (total * total) / squares,
    unsupported: n === 0 ? 0 : missing / n,
    warnings: [],
  };
  evaluation.warnings.push(...warningsOf(evaluation, total, squares));
  return evaluation;
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
