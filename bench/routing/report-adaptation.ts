// The tables of what changes: an arm that fails, and a program that is new.

import { type Report, shown } from "../kit/report.ts";
import { percentile, sorted } from "../kit/statistics.ts";
import { ADAPTATION_AIM } from "./aims.ts";
import { bestArm, type Environment } from "./environment.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { transfer } from "./families.ts";
import { adaptation, mean } from "./measure.ts";
import { always } from "./policies/baselines.ts";
import { earlierRule } from "./policies/earlier-rule.ts";
import { learned } from "./policies/learned.ts";
import type { Policy } from "./simulate.ts";

const POLICIES: Record<string, (seed: number, environment: Environment) => Policy> = {
  ours: (seed) => learned(seed),
  "earlier rule": earlierRule,
  // Its first arm is the one that will fail.
  "declared order": (_seed, environment) => always(bestArm(environment, 0, [])),
};

export function reportAdaptation(report: Report, seeds: readonly number[]): void {
  const { make } = ENVIRONMENTS.c as (typeof ENVIRONMENTS)[string];
  const rows = Object.entries(POLICIES).map(([name, policy]) => {
    const all = seeds.map((seed) => adaptation(make(seed), seed, policy(seed, make(seed))));
    const requests = sorted(all.map((one) => one.requests));
    const found = {
      median: percentile(requests, 0.5),
      p90: percentile(requests, 0.9),
      broken: mean(all.map((one) => one.broken)),
      reward: mean(all.map((one) => one.reward)),
    };
    report.put(`adaptation-${name}`, found);
    return [name, ...Object.values(found).map(shown)];
  });
  const { median, p90, broken, lift } = ADAPTATION_AIM;
  report.table({
    title: "after the best arm has failed",
    columns: ["", "requests to within 10 %", "p90", "% of the next 500 to it", "reward of the next 4,000"],
    rows: [...rows, ["aim", `≤ ${median}`, `≤ ${p90}`, `≤ ${broken}`, `declared order +${lift} %`]],
  });
}

export function reportFamilies(report: Report, seeds: readonly number[]): void {
  const all = seeds.map(transfer);
  const alone = mean(all.map((one) => one.alone));
  const withFamilies = mean(all.map((one) => one.withFamilies));
  report.put("families", { alone, withFamilies });
  report.table({
    title: "a second program with arms of the same families, % of the oracle over its first 500 requests",
    columns: ["", "%"],
    rows: [
      ["knowing nothing", alone.toFixed(1)],
      ["knowing the families", withFamilies.toFixed(1)],
    ],
  });
}
