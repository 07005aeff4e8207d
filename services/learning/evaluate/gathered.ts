// The decisions of a log in columns, ~150 bytes each, so that a million of them fit in memory: what could be chosen,
// with which probability, what came of it, and, once it is known, what another policy would have chosen.

import type { Decision, RewardWeights } from "../../../schemas/messages/parts.ts";
import { PRIOR_MEAN, SATISFIES } from "../statistics/channel.ts";
import { type Choice, contextOf, type Ending, sharesOf } from "./from-log.ts";
import { Interned } from "./interned.ts";

/** What many decisions have in common. */
export interface Circumstances {
  program: string;
  version: string;
  task: string;
  length: number;
  context: string;
  arms: readonly string[];
}

/** One decision as another policy is asked it. */
export interface Asked extends Circumstances {
  inFlight: Readonly<Record<string, number>>;
  /** Those of its request. */
  weights: RewardWeights;
}

export interface Outcome {
  /** Sequence of the result, and its request's id. */
  sequence: number;
  id: string;
  version: string;
  result: Ending["result"];
  weights: RewardWeights;
}

export class GatheredDecisions {
  readonly #circumstances = new Interned<Circumstances>();
  readonly #counts = new Interned<Readonly<Record<string, number>>>();
  readonly #weights = new Interned<RewardWeights>();
  /** Scores by request, then by metric and key: the same feedback twice counts once. */
  readonly #scores = new Map<string, Map<string, number>>();
  readonly #ids: string[] = [];
  readonly #circumstancesOf: number[] = [];
  readonly #countsOf: number[] = [];
  readonly #weightsOf: number[] = [];
  readonly #succeeded: boolean[] = [];
  readonly #inTime: number[] = [];
  readonly #thrift: number[] = [];
  /** What validators said of the answers; NaN where they said nothing. */
  readonly #validated: number[] = [];
  readonly sequences: number[] = [];
  readonly stateSequences: number[] = [];
  readonly chosen: number[] = [];
  /** Where a decision's arms begin in `probabilities`, the logging policy's. */
  readonly starts: number[] = [];
  readonly probabilities: number[] = [];

  get length(): number {
    return this.#ids.length;
  }

  add({ features, arms, probabilities, chosen }: Choice, decision: Decision, outcome: Outcome): void {
    const { program, place, deadlineMs } = features;
    const { version, result, weights } = outcome;
    const { task, length } = place;
    const context = `${program}/${contextOf(features)}`;
    const key = `${context}/${version}/${arms.join("/")}`;
    this.#circumstancesOf.push(
      this.#circumstances.number(key, () => ({ program, version, task, length, context, arms })),
    );
    const { inFlight } = decision;
    this.#countsOf.push(this.#counts.number(JSON.stringify(inFlight), () => inFlight));
    const { quality, time, cost } = weights;
    this.#weightsOf.push(this.#weights.number(`${quality}/${time}/${cost}`, () => weights));
    const { inTime, thrift } = sharesOf(result, deadlineMs);
    this.#ids.push(outcome.id);
    this.#succeeded.push(result.status === "succeeded");
    this.#inTime.push(inTime);
    this.#thrift.push(thrift);
    this.#validated.push(result.validation?.quality ?? Number.NaN);
    this.sequences.push(outcome.sequence);
    this.stateSequences.push(decision.stateSequence);
    this.chosen.push(chosen);
    this.starts.push(this.probabilities.length);
    for (let at = 0; at < arms.length; at++) this.probabilities.push(probabilities[at] as number);
  }

  /** A score of a request's answer, whenever it came. */
  score(id: string, metricAndKey: string, score: number): void {
    const scores = this.#scores.get(id) ?? new Map<string, number>();
    scores.set(metricAndKey, score);
    this.#scores.set(id, scores);
  }

  circumstances(index: number): Circumstances {
    return this.#circumstances.at(this.#circumstancesOf[index] as number);
  }

  /** Every implementation that could be chosen somewhere. */
  armNames(): Set<string> {
    return new Set(this.#circumstances.values.flatMap(({ arms }) => arms));
  }

  asked(index: number): Asked {
    return {
      ...this.circumstances(index),
      inFlight: this.#counts.at(this.#countsOf[index] as number),
      weights: this.#weights.at(this.#weightsOf[index] as number),
    };
  }

  succeeded(index: number): boolean {
    return this.#succeeded[index] as boolean;
  }

  /** Mean of what was said of an answer, else what its validators said; undefined where nobody scored it. */
  scoreOf(index: number): number | undefined {
    const scores = this.#scores.get(this.#ids[index] as string);
    if (scores === undefined) {
      const validated = this.#validated[index] as number;
      return Number.isNaN(validated) ? undefined : validated;
    }
    let total = 0;
    for (const score of scores.values()) total += score;
    return total / scores.size;
  }

  /**
   * What each request got. An answer that nobody scored has the mean quality of its program, which favours no arm.
   * @param weights by which all are judged; absent = each by those of its request.
   */
  rewards(weights?: RewardWeights): Float64Array {
    const quality = new Float64Array(this.length);
    const means = new Map<string, { sum: number; count: number }>();
    for (let index = 0; index < this.length; index++) {
      const score = this.succeeded(index) ? this.scoreOf(index) : undefined;
      quality[index] = score ?? Number.NaN;
      if (score === undefined) continue;
      const { program } = this.circumstances(index);
      const { sum, count } = means.get(program) ?? { sum: 0, count: 0 };
      means.set(program, { sum: sum + score, count: count + 1 });
    }
    return quality.map((score, index) => {
      if (!this.succeeded(index)) return 0;
      const { sum, count } = means.get(this.circumstances(index).program) ?? UNSCORED;
      const known = Number.isNaN(score) ? sum / count : score;
      const by = weights ?? this.#weights.at(this.#weightsOf[index] as number);
      return (
        by.quality * known +
        by.time * (this.#inTime[index] as number) +
        by.cost * (this.#thrift[index] as number)
      );
    });
  }
}

const UNSCORED = { sum: PRIOR_MEAN[SATISFIES] as number, count: 1 };
