// What does a new program gain from others? Its arms are of the same families, and about as good there as here.

import { between, chance } from "./chance.ts";
import type { Environment, Truth } from "./environment.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { partOf } from "./measure.ts";
import { oracle } from "./policies/baselines.ts";
import { learned } from "./policies/learned.ts";
import { simulate } from "./simulate.ts";

const REQUESTS = 500;
/** How far an arm's success in the new program may lie from that in the old one. */
const DIFFERENCE = 0.06;

/** % of the oracle over the new program's first 500 requests, without and with what was learned of the families. */
export function transfer(seed: number): { alone: number; withFamilies: number } {
  const first = (ENVIRONMENTS.a as (typeof ENVIRONMENTS)[string]).make(seed);
  const second: Environment = {
    ...first,
    truth: (request, arm) => like(first.truth(request, arm, 0), seed, arm),
  };
  const best = simulate(second, seed + 1, REQUESTS, oracle(second));
  const alone = simulate(second, seed + 1, REQUESTS, learned(seed + 1, "second"));
  const teacher = learned(seed, "first", undefined, "family");
  simulate(first, seed, 2_000, teacher);
  const taught = simulate(second, seed + 1, REQUESTS, learned(seed + 1, "second", teacher.state, "family"));
  return { alone: partOf(alone, best).all, withFamilies: partOf(taught, best).all };
}

function like(truth: Truth, seed: number, arm: number): Truth {
  const success = truth.success + between(-DIFFERENCE, DIFFERENCE, chance(seed, 97, arm));
  return { ...truth, success: Math.min(0.99, success) };
}
