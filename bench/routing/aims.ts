// What the router is to reach in each environment, % of the oracle over requests 1–500 and 1–5,000; absent = no aim.

export interface Aim {
  early?: number;
  all?: number;
  /** Points above round robin over all requests. */
  aboveRoundRobin?: number;
}

export const AIMS: Record<string, Aim> = {
  a: { early: 94, all: 97.5 },
  b: { early: 91, all: 96 },
  d: { all: 93 },
  g: { early: 91 },
  h: { early: 87, all: 94 },
  i: { all: 97, aboveRoundRobin: 3 },
};

/** After the best arm fails, in requests and %. */
export const ADAPTATION_AIM = { median: 40, p90: 60, broken: 4, lift: 20 };

export const EVALUATION_AIM = { coverage: 93, halfWidth: 0.03 };
export const PROMOTION_AIM = { falsePromotions: 5, found: 80, within: 3_000 };

/** Of one decision among twenty candidates, and of one analysis, µs. */
export const COST_AIM = { median: 20, p99: 60, analysis: 20 };
