// The environments: what a router may meet. Their ranges are chosen so that round robin and the rule that ours began
// with get in them what earlier simulations found (docs/routing.md).

import { between, chance } from "./chance.ts";
import { DEADLINE_MS, type Environment, type Truth, worth } from "./environment.ts";
import { underLoad } from "./load.ts";

type Range = readonly [low: number, high: number];

/** Where the arms' truths lie. */
interface Ranges {
  success: Range;
  quality: Range;
  cost: Range;
  /** Deadline over median latency, in standard deviations of the log: 0 = half in time, 1.28 = nine of ten. */
  slack: Range;
  sigma: Range;
  /** 1 = who succeeds more often also answers better; 0 = the two are independent. */
  ability: number;
}

const USUAL: Ranges = {
  success: [0.6, 0.88],
  quality: [0.5, 0.75],
  cost: [0.05, 0.85],
  slack: [0, 1.28],
  sigma: [0.5, 0.5],
  ability: 0.8,
};

const ALWAYS = {
  available: () => true,
  task: () => "task",
  gapMs: undefined,
  scored: 1,
  scoreDelay: undefined,
} as const;

export const ENVIRONMENTS: Record<string, { title: string; make: (seed: number) => Environment }> = {
  a: { title: "five arms, stationary", make: (seed) => stationary(seed, drawArms(seed, 5, USUAL)) },
  b: { title: "3–6 kinds × 5 arms, crossover in length", make: byContext },
  c: { title: "best arm fails at 1,000", make: failing },
  d: { title: "gradual drift", make: drifting },
  e: {
    title: "heavy-tailed latency with deadline",
    make: (seed) =>
      stationary(
        seed,
        drawArms(seed, 5, { ...USUAL, success: [0.65, 0.9], slack: [-1, 1.6], sigma: [0.4, 1.6] }),
      ),
  },
  f: { title: "new best arm at 800", make: growing },
  g: { title: "twenty arms", make: (seed) => stationary(seed, drawArms(seed, 20, USUAL)) },
  h: { title: "a fifth of the scores, 50–500 requests late", make: scoredLate },
  i: { title: "latency depends on load", make: underLoad },
};

function drawArms(seed: number, count: number, ranges: Ranges, world = 1): Truth[] {
  return Array.from({ length: count }, (_, arm) => {
    const draw = (what: number) => chance(seed, 100 * world + what, arm);
    const skill = (what: number) => ranges.ability * draw(0) + (1 - ranges.ability) * draw(what);
    const sigma = between(...ranges.sigma, draw(5));
    return {
      success: between(...ranges.success, skill(1)),
      quality: between(...ranges.quality, skill(2)),
      cost: between(...ranges.cost, draw(3)),
      medianMs: DEADLINE_MS * Math.exp(-sigma * between(...ranges.slack, draw(4))),
      sigma,
    };
  });
}

function stationary(seed: number, arms: readonly Truth[]): Environment {
  return {
    ...ALWAYS,
    arms: arms.length,
    length: lengths(seed),
    truth: (_request, arm) => arms[arm] as Truth,
  };
}

function lengths(seed: number): (request: number) => number {
  return (request) => Math.floor(4 * chance(seed, 10, request));
}

/** Each kind has its own order of the arms, and some arms suit short inputs and others long ones. */
function byContext(seed: number): Environment {
  const ranges: Ranges = { ...USUAL, success: [0.6, 0.94], quality: [0.45, 0.85] };
  const count = 5;
  const kinds = 3 + Math.floor(4 * chance(seed, 11));
  const common = drawArms(seed, count, ranges);
  const cells = Array.from({ length: kinds }, (_, kind) => {
    const own = drawArms(seed, count, ranges, 2 + kind);
    return common.map((all, arm) => {
      const slope = between(-1, 1, chance(seed, 12, kind, arm));
      return Array.from({ length: 4 }, (_, length) => {
        const tilt = slope * ((length - 1.5) / 1.5);
        const one = blend(all, own[arm] as Truth, 0.4);
        return {
          ...one,
          success: within(0.05, 0.99, one.success + 0.08 * tilt),
          quality: within(0.05, 0.99, one.quality + 0.15 * tilt),
        };
      });
    });
  });
  const kindOf = (request: number) => Math.floor(kinds * chance(seed, 13, request));
  const length = lengths(seed);
  return {
    ...ALWAYS,
    arms: count,
    task: (request) => `task-${kindOf(request)}`,
    length,
    truth: (request, arm) => cells[kindOf(request)]?.[arm]?.[length(request)] as Truth,
  };
}

export const FAILS_AT = 1_000;

function failing(seed: number): Environment {
  const arms = drawArms(seed, 5, { ...USUAL, success: [0.75, 0.95], quality: [0.55, 0.75] });
  const best = arms
    .map((arm) => worth({ ...arm, success: 0.95 }))
    .reduce((a, v, k, all) => (v > (all[a] as number) ? k : a), 0);
  const sound: Truth = { ...(arms[best] as Truth), success: 0.95 };
  const broken: Truth = { ...sound, success: 0.2 };
  return {
    ...stationary(seed, arms),
    truth: (request, arm) => (arm !== best ? (arms[arm] as Truth) : request < FAILS_AT ? sound : broken),
  };
}

/** Every arm wanders slowly between its worst and its best, each with its own period of some thousand requests. */
function drifting(seed: number): Environment {
  const ranges: Ranges = { ...USUAL, success: [0.6, 0.92], quality: [0.45, 0.8] };
  const share = 0.6;
  const arms = drawArms(seed, 5, ranges).map((arm, k) => ({
    arm,
    phase: chance(seed, 14, k),
    period: 4_000 * between(0.7, 1.4, chance(seed, 15, k)),
  }));
  return {
    ...stationary(seed, []),
    arms: arms.length,
    truth(request, k) {
      const { arm, phase, period } = arms[k] as (typeof arms)[number];
      const turn = (phase + request / period) % 1;
      const height = turn < 0.5 ? 2 * turn : 2 - 2 * turn;
      const success = between(...ranges.success, height);
      return blend(arm, { ...arm, success, quality: between(...ranges.quality, height) }, share);
    },
  };
}

export const ARM_ADDED_AT = 800;

function growing(seed: number): Environment {
  const arms = drawArms(seed, 6, USUAL).sort((a, b) => worth(a) - worth(b));
  // The order of the others means nothing; only the best comes late.
  const others = arms.slice(0, 5).map((arm, k) => ({ arm, at: chance(seed, 16, k) }));
  const order = [...others.sort((a, b) => a.at - b.at).map(({ arm }) => arm), arms[5] as Truth];
  return { ...stationary(seed, order), available: (request, arm) => arm < 5 || request >= ARM_ADDED_AT };
}

function scoredLate(seed: number): Environment {
  const ranges: Ranges = { ...USUAL, success: [0.7, 0.9], quality: [0.3, 0.8], ability: 0 };
  return { ...stationary(seed, drawArms(seed, 5, ranges)), scored: 0.2, scoreDelay: [50, 500] };
}

function blend(a: Truth, b: Truth, share: number): Truth {
  return {
    success: between(a.success, b.success, share),
    quality: between(a.quality, b.quality, share),
    cost: between(a.cost, b.cost, share),
    medianMs: between(a.medianMs, b.medianMs, share),
    sigma: between(a.sigma, b.sigma, share),
  };
}

function within(low: number, high: number, value: number): number {
  return Math.min(high, Math.max(low, value));
}
