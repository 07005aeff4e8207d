// Gathered decisions with what another policy would have chosen in each: a log to evaluate, of one program or of all.

import type { RewardWeights } from "../../../schemas/messages/parts.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import type { GatheredDecisions } from "./gathered.ts";

export interface ProgramEvaluation extends Evaluation {
  /** Requests that succeeded, and of those the ones that somebody scored. */
  succeeded: number;
  scored: number;
}

/** Below this part of scored answers quality says little: those without a score are all taken for average. */
const FEW_SCORES = 0.5;

export class JudgedDecisions {
  readonly #gathered: GatheredDecisions;
  readonly #target: Float64Array;
  readonly #isKnown: Uint8Array;
  #unknown: number;

  constructor(gathered: GatheredDecisions) {
    this.#gathered = gathered;
    this.#target = new Float64Array(gathered.probabilities.length);
    this.#isKnown = new Uint8Array(gathered.length);
    this.#unknown = gathered.length;
  }

  /** Decisions that the target was not asked: they are left out. */
  get unknown(): number {
    return this.#unknown;
  }

  /** What the target would choose, by arm. */
  set(index: number, probabilities: ArrayLike<number>): void {
    this.#target.set(probabilities, this.#gathered.starts[index] as number);
    this.#isKnown[index] = 1;
    this.#unknown--;
  }

  /**
   * By program, by name, and of all together.
   * @param weights by which all requests are judged; absent = each by its own.
   */
  evaluate(weights?: RewardWeights): { all: ProgramEvaluation; programs: [string, ProgramEvaluation][] } {
    const rewards = this.#gathered.rewards(weights);
    const probabilities = Float64Array.from(this.#gathered.probabilities);
    const { sequences } = this.#gathered;
    const all: number[] = [];
    const programs = new Map<string, number[]>();
    for (let index = 0; index < this.#gathered.length; index++) {
      if (this.#isKnown[index] !== 1) continue;
      all.push(index);
      const { program } = this.#gathered.circumstances(index);
      const own = programs.get(program);
      if (own === undefined) programs.set(program, [index]);
      else own.push(index);
    }
    const judge = (indexes: readonly number[]): ProgramEvaluation => {
      const order = Uint32Array.from(indexes);
      // A decision that had to be looked up was gathered after its time.
      order.sort((a, b) => (sequences[a] as number) - (sequences[b] as number));
      return this.#evaluate(order, rewards, probabilities);
    };
    const byName = [...programs].sort(([a], [b]) => (a < b ? -1 : 1));
    return { all: judge(all), programs: byName.map(([name, indexes]) => [name, judge(indexes)]) };
  }

  #evaluate(order: Uint32Array, rewards: Float64Array, probabilities: Float64Array): ProgramEvaluation {
    const gathered = this.#gathered;
    const at = (position: number) => {
      const index = order[position];
      if (index === undefined) return undefined;
      const { context, arms } = gathered.circumstances(index);
      const start = gathered.starts[index] as number;
      return {
        context,
        arms,
        probabilities: probabilities.subarray(start, start + arms.length),
        chosen: gathered.chosen[index] as number,
        reward: rewards[index] as number,
      };
    };
    const found = evaluate({ length: order.length, at }, ({ arms }, position) => {
      const start = gathered.starts[order[position] as number] as number;
      return this.#target.subarray(start, start + arms.length);
    });
    let succeeded = 0;
    let scored = 0;
    for (const index of order) {
      if (!gathered.succeeded(index)) continue;
      succeeded++;
      if (gathered.scoreOf(index) !== undefined) scored++;
    }
    if (scored < FEW_SCORES * succeeded) found.warnings.push(scoresWarning(scored, succeeded));
    return { ...found, succeeded, scored };
  }
}

function scoresWarning(scored: number, succeeded: number): string {
  return scored === 0
    ? "nobody scored an answer: all count as equally good, only success, time and cost tell policies apart"
    : `${scored} of ${succeeded} answers were scored, the others count as average: differences in quality are understated`;
}
