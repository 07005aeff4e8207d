// LiteLLM's router strategies as its source has them (October 2026): what they look at, their defaults, and its
// cooldown: over half of a minute's requests failed, more than one of them: not used for 5 s.

import { chance, normal } from "../chance.ts";
import type { Asked, Policy, Seen } from "../simulate.ts";

const COOLDOWN_MS = 5_000;
const MINUTE_MS = 60_000;
/** Latencies that the average looks back on. */
const LATENCIES = 10;

/** The adaptive router: Beta posteriors by kind of task and model, never forgotten, full at a mass of 200. */
const COLD_START_MASS = 10;
const SAMPLE_CAP = 200;
const QUALITY_WEIGHT = 0.7;
const COST_WEIGHT = 0.3;

type Pick = (asked: Asked, healthy: readonly number[]) => number;

export const PEERS: Record<string, (seed: number) => Policy> = {
  "simple-shuffle": (seed) => withCooldown(atRandom(seed)),
  "least-busy": () =>
    withCooldown(({ inFlight }, healthy) => lowest(healthy, (arm) => inFlight[arm] as number)),
  "latency-based": latencyBased,
  "cost-based": costBased,
  adaptive,
};

function atRandom(seed: number): Pick {
  return ({ request }, healthy) => healthy[Math.floor(chance(seed, 80, request) * healthy.length)] as number;
}

function latencyBased(seed: number): Policy {
  const latest = new Map<number, number[]>();
  const mean = (arm: number): number => {
    const known = latest.get(arm);
    return known === undefined ? 0 : known.reduce((sum, one) => sum + one, 0) / known.length;
  };
  const random = atRandom(seed);
  return withCooldown(
    (asked, healthy) => {
      const least = Math.min(...healthy.map(mean));
      return random(
        asked,
        healthy.filter((arm) => mean(arm) <= least),
      );
    },
    ({ arm, success, latencyMs }) => {
      if (success) latest.set(arm, [...(latest.get(arm) ?? []), latencyMs].slice(-LATENCIES));
    },
  );
}

/** Knows the price list. */
function costBased(): Policy {
  const costs = new Map<number, number>();
  return withCooldown(
    (_asked, healthy) => lowest(healthy, (arm) => costs.get(arm) ?? -1),
    ({ arm, cost }) => costs.set(arm, cost),
  );
}

function adaptive(seed: number): Policy {
  const cells = new Map<string, { alpha: number; beta: number }>();
  const costs = new Map<number, number>();
  const cellOf = (task: string, arm: number) => {
    const key = `${task}/${arm}`;
    const cell = cells.get(key) ?? { alpha: COLD_START_MASS / 2, beta: COLD_START_MASS / 2 };
    cells.set(key, cell);
    return cell;
  };
  const add = ({ asked, arm }: Seen, alpha: number, beta: number): void => {
    const cell = cellOf(asked.task, arm);
    if (cell.alpha + cell.beta + alpha + beta > SAMPLE_CAP) return;
    cell.alpha += alpha;
    cell.beta += beta;
  };
  return withCooldown(
    ({ task, request }, healthy) => {
      const prices = healthy.map((arm) => costs.get(arm) ?? 0);
      const [cheapest, dearest] = [Math.min(...prices), Math.max(...prices)];
      return lowest(healthy, (arm) => {
        const { alpha, beta } = cellOf(task, arm);
        const cheap = dearest === cheapest ? 0.5 : (dearest - (costs.get(arm) ?? 0)) / (dearest - cheapest);
        return -(QUALITY_WEIGHT * betaDraw(seed, request, arm, alpha, beta) + COST_WEIGHT * cheap);
      });
    },
    (seen) => {
      costs.set(seen.arm, seen.cost);
      if (!seen.success) add(seen, 0, 1);
      else if (seen.quality !== undefined) add(seen, seen.quality, 1 - seen.quality);
    },
    (seen, quality) => add(seen, quality, 1 - quality),
  );
}

function withCooldown(pick: Pick, learn: (seen: Seen) => void = () => {}, score?: Policy["score"]): Policy {
  const cooledUntil = new Map<number, number>();
  const minutes = new Map<number, { minute: number; failed: number; all: number }>();
  return {
    choose(asked) {
      const healthy = asked.available.filter((arm) => (cooledUntil.get(arm) ?? 0) <= asked.nowMs);
      return pick(asked, healthy.length === 0 ? asked.available : healthy);
    },
    learn(seen) {
      const { arm, success, asked } = seen;
      const minute = Math.floor(asked.nowMs / MINUTE_MS);
      let counts = minutes.get(arm);
      if (counts?.minute !== minute) counts = { minute, failed: 0, all: 0 };
      minutes.set(arm, counts);
      counts.all++;
      if (!success) counts.failed++;
      if (!success && counts.all > 1 && counts.failed / counts.all > 0.5) {
        cooledUntil.set(arm, asked.nowMs + COOLDOWN_MS);
      }
      learn(seen);
    },
    ...(score !== undefined && { score }),
  };
}

function lowest(arms: readonly number[], of: (arm: number) => number): number {
  let best = arms[0] as number;
  let least = of(best);
  for (const arm of arms.slice(1)) {
    const value = of(arm);
    if (value < least) [best, least] = [arm, value];
  }
  return best;
}

/** Near enough for masses of 10 to 200: the normal of the same mean and variance, kept within 0 and 1. */
function betaDraw(seed: number, request: number, arm: number, alpha: number, beta: number): number {
  const mass = alpha + beta;
  const mean = alpha / mass;
  const deviation = Math.sqrt((mean * (1 - mean)) / (mass + 1));
  const draw = mean + deviation * normal(seed, 81, request, arm);
  return Math.min(1, Math.max(0, draw));
}
