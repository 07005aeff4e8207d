// The table of environments: every policy in every one, next to what is aimed at.

import type { Report } from "../kit/report.ts";
import { AIMS } from "./aims.ts";
import type { Environment } from "./environment.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { mean, oracleCourse, type Part, partOf, REQUESTS } from "./measure.ts";
import { epsilonGreedy, roundRobin } from "./policies/baselines.ts";
import { earlierRule } from "./policies/earlier-rule.ts";
import { learned } from "./policies/learned.ts";
import { PEERS } from "./policies/peers.ts";
import { type Policy, simulate } from "./simulate.ts";

const OWN: Record<string, (seed: number, environment: Environment) => Policy> = {
  "round robin": roundRobin,
  "ε-greedy": epsilonGreedy,
  "earlier rule": earlierRule,
  ours: (seed) => learned(seed),
};

/** By policy. */
type Means = ReadonlyMap<string, Part>;

/** `letters` = which environments. */
export function reportEnvironments(report: Report, seeds: readonly number[], letters: string): void {
  const found = new Map<string, Means>();
  for (const letter of Object.keys(ENVIRONMENTS)) {
    if (!letters.includes(letter)) continue;
    const means = run(letter, seeds);
    found.set(letter, means);
    report.put(`environment-${letter}`, Object.fromEntries(means));
  }
  const row = (letter: string, means: Means, names: readonly string[]) => [
    `${letter} ${ENVIRONMENTS[letter]?.title}`,
    ...names.map((name) => cell(means.get(name))),
  ];
  const own = Object.keys(OWN);
  report.table({
    title: `% of the oracle over requests 1–500 / 1–${REQUESTS}, ${seeds.length} seeds`,
    columns: ["environment", ...own, "aim", "met"],
    rows: [...found].map(([letter, means]) => [
      ...row(letter, means, own),
      aimOf(letter),
      meets(letter, means) ? "yes" : "NO",
    ]),
  });
  const peers = Object.keys(PEERS);
  report.table({
    title: "the same of LiteLLM's strategies, with its cooldown",
    columns: ["environment", ...peers],
    rows: [...found].map(([letter, means]) => row(letter, means, peers)),
  });
}

function run(letter: string, seeds: readonly number[]): Means {
  const { make } = ENVIRONMENTS[letter] as (typeof ENVIRONMENTS)[string];
  const policies = Object.entries({ ...OWN, ...PEERS });
  const parts = new Map(policies.map(([name]) => [name, [] as Part[]]));
  for (const seed of seeds) {
    const environment = make(seed);
    const best = oracleCourse(environment, seed);
    for (const [name, policy] of policies) {
      parts.get(name)?.push(partOf(simulate(environment, seed, REQUESTS, policy(seed, environment)), best));
    }
  }
  return new Map(
    [...parts].map(([name, all]) => [
      name,
      { early: mean(all.map((one) => one.early)), all: mean(all.map((one) => one.all)) },
    ]),
  );
}

function cell(part: Part | undefined): string {
  return part === undefined ? "" : `${part.early.toFixed(1)} / ${part.all.toFixed(1)}`;
}

function aimOf(letter: string): string {
  const { early, all, aboveRoundRobin } = AIMS[letter] ?? {};
  const more = aboveRoundRobin === undefined ? "" : `, +${aboveRoundRobin}`;
  return early === undefined && all === undefined ? "" : `${early ?? "–"} / ${all ?? "–"}${more}`;
}

function meets(letter: string, means: Means): boolean {
  const { early = 0, all = 0, aboveRoundRobin = 0 } = AIMS[letter] ?? {};
  const ours = means.get("ours") as Part;
  const above = ours.all - (means.get("round robin") as Part).all;
  return ours.early >= early && ours.all >= all && above >= aboveRoundRobin;
}
