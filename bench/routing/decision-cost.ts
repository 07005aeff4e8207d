// What one decision costs, decision by decision: the same decisions are taken again and again, and the median of each
// is kept, so that what neighbours on the machine do does not count.

import { armProbabilities, pick } from "../../services/learning/posterior/policy.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import { kindIndex, type ProgramStatistics } from "../../services/learning/statistics/state.ts";
import { uniform } from "../../services/router/strategies/thompson/draw.ts";
import { percentile, sorted, spread } from "../kit/statistics.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { learned } from "./policies/learned.ts";
import { simulate } from "./simulate.ts";

const ROUNDS = 15;

/** Median and 99th percentile over `decisions` decisions of a program with twenty arms, µs. */
export function decisionCost(decisions: number): { median: number; p99: number } {
  const policy = learned(1);
  simulate((ENVIRONMENTS.g as (typeof ENVIRONMENTS)[string]).make(1), 1, 1_000, policy);
  const program = policy.state.programs.get("program") as ProgramStatistics;
  const arms = [...program.arms.values()];
  const loads = new Uint8Array(arms.length);
  let sink = 0;
  const decide = (n: number): void => {
    armProbabilities(program, arms, arms.length, kindIndex(program, "task"), n & 3, loads, BALANCED);
    sink += pick(arms.length, uniform(1, `local.0f3c5a7e9b1d24680a.${n}`));
  };
  for (let n = 0; n < 20_000; n++) decide(n);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const taken = new Float64Array(decisions);
    for (let n = 0; n < decisions; n++) {
      const before = performance.now();
      decide(n);
      taken[n] = (performance.now() - before) * 1_000;
    }
    return taken;
  });
  if (sink < 0) throw new Error("unreachable");
  const each = sorted(
    Array.from({ length: decisions }, (_, n) => spread(rounds.map((round) => round[n] as number)).median),
  );
  return { median: percentile(each, 0.5), p99: percentile(each, 0.99) };
}
