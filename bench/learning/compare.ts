// What routing got of a stream of sentences, beside what the same sentences would have got otherwise: every one of them
// was also put to every implementation alone. Pure.

export interface Free {
  /** Index of the sentence among those that were asked alone. */
  row: number;
  chosen: string;
  reward: number;
  right: number;
}

/** By implementation in declared order: reward of each sentence. */
export type Alone = ReadonlyMap<string, readonly number[]>;

export interface Comparison {
  /** Mean rewards over the whole stream. */
  routed: number;
  declaredOrder: number;
  roundRobin: number;
  bestSingle: number;
  bestArm: string;
  /** Cumulative reward less that of the declared order, after each request. */
  gains: { name: string; values: number[] }[];
}

export function compare(stream: readonly Free[], alone: Alone): Comparison {
  const arms = [...alone.keys()];
  const rewardOf = (arm: string, row: number): number => alone.get(arm)?.[row] ?? 0;
  const meanOf = (reward: (one: Free) => number): number =>
    stream.reduce((sum, one) => sum + reward(one), 0) / stream.length;
  const [first = ""] = arms;
  const roundRobin = ({ row }: Free): number =>
    arms.reduce((sum, arm) => sum + rewardOf(arm, row), 0) / arms.length;
  const single = arms.map((arm) => ({ arm, mean: meanOf(({ row }) => rewardOf(arm, row)) }));
  const best = single.reduce((one, other) => (other.mean > one.mean ? other : one));
  const gain = (name: string, reward: (one: Free) => number) => {
    let sum = 0;
    return {
      name,
      values: stream.map((one) => {
        sum += reward(one) - rewardOf(first, one.row);
        return sum;
      }),
    };
  };
  return {
    routed: meanOf(({ reward }) => reward),
    declaredOrder: single[0]?.mean ?? Number.NaN,
    roundRobin: meanOf(roundRobin),
    bestSingle: best.mean,
    bestArm: best.arm,
    gains: [
      gain(`always ${best.arm}`, ({ row }) => rewardOf(best.arm, row)),
      gain("routing", ({ reward }) => reward),
      gain("round robin", roundRobin),
    ],
  };
}

/** Share of each arm among the choices around each point of the stream, weighted by a bell of this width (requests). */
export function smoothedShares(
  chosen: readonly string[],
  arms: readonly string[],
  { width, points }: { width: number; points: number },
): number[][] {
  const last = chosen.length - 1;
  return Array.from({ length: points }, (_, point) => {
    const centre = points === 1 ? 0 : (last * point) / (points - 1);
    const weights = new Map<string, number>(arms.map((arm) => [arm, 0]));
    let total = 0;
    for (const [at, arm] of chosen.entries()) {
      const weight = Math.exp(-0.5 * ((at - centre) / width) ** 2);
      weights.set(arm, (weights.get(arm) ?? 0) + weight);
      total += weight;
    }
    return arms.map((arm) => (weights.get(arm) ?? 0) / total);
  });
}
