// Expected reward of an arm in a context, by shrunken means: all → the arm → the arm in the context. Crude, and good
// enough: the doubly robust estimate is right whatever it says, and only narrower where it says something true.

import type { LoggedDecision } from "./logged.ts";

/** Observations that the level above is worth. */
const STRENGTH = 5;

interface Mean {
  count: number;
  sum: number;
}

export class RewardModel {
  readonly #all: Mean = { count: 0, sum: 0 };
  readonly #arms = new Map<string, Mean>();
  readonly #cells = new Map<string, Map<string, Mean>>();

  learn({ context, arms, chosen, reward }: LoggedDecision): void {
    const arm = arms[chosen] as string;
    add(this.#all, reward);
    add(meanOf(this.#arms, arm), reward);
    let cells = this.#cells.get(context);
    if (cells === undefined) {
      cells = new Map();
      this.#cells.set(context, cells);
    }
    add(meanOf(cells, arm), reward);
  }

  expect(context: string, arm: string): number {
    const { count, sum } = this.#all;
    const general = count === 0 ? 0.5 : sum / count;
    const ofArm = shrunk(this.#arms.get(arm), general);
    return shrunk(this.#cells.get(context)?.get(arm), ofArm);
  }
}

function meanOf(means: Map<string, Mean>, key: string): Mean {
  let mean = means.get(key);
  if (mean === undefined) {
    mean = { count: 0, sum: 0 };
    means.set(key, mean);
  }
  return mean;
}

function add(mean: Mean, reward: number): void {
  mean.count++;
  mean.sum += reward;
}

function shrunk(mean: Mean | undefined, above: number): number {
  if (mean === undefined) return above;
  return (mean.sum + STRENGTH * above) / (mean.count + STRENGTH);
}
