// How good is learned routing, by simulation, and what does a decision cost?
//
// The nine environments of docs/routing.md through the router's own statistics and strategy, against an oracle, simpler
// policies, the rule that ours began with and LiteLLM's strategies; adaptation to a failure; intervals of off-policy
// estimates; promotion. `--seeds 20` for a quick look, `--only bg` for some environments.

import { parseArgs } from "node:util";
import { profileTask } from "../services/router/analysis/profile.ts";
import { analyseTask } from "../services/router/analysis/analyse.ts";
import { parseSignature } from "../schemas/signature/mod.ts";
import { micro } from "./kit/micro.ts";
import { PAYLOAD_TEXT } from "./kit/payload.ts";
import { Report, shown } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { percentile, sorted } from "./kit/statistics.ts";
import { ADAPTATION_AIM, AIMS, COST_AIM, EVALUATION_AIM, PROMOTION_AIM } from "./routing/aims.ts";
import { decisionCost } from "./routing/decision-cost.ts";
import { ENVIRONMENTS } from "./routing/environments.ts";
import { judge, type Judged } from "./routing/evaluation.ts";
import { transfer } from "./routing/families.ts";
import { type Adaptation, adaptation, mean, oracleCourse, type Part, partOf, REQUESTS } from "./routing/measure.ts";
import { always, epsilonGreedy, roundRobin } from "./routing/policies/baselines.ts";
import { earlierRule } from "./routing/policies/earlier-rule.ts";
import { learned } from "./routing/policies/learned.ts";
import { PEERS } from "./routing/policies/peers.ts";
import { promotedAt } from "./routing/promotion.ts";
import { type Policy, simulate } from "./routing/simulate.ts";
import type { Environment } from "./routing/environment.ts";

const settings = benchSettings({ rounds: 9, seconds: 0.1 });
const { values } = parseArgs({
  options: { seeds: { type: "string" }, only: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
const seedCount = typeof values.seeds === "string" ? Number(values.seeds) : settings.short ? 2 : 100;
const only = typeof values.only === "string" ? values.only : Object.keys(ENVIRONMENTS).join("");
const seeds = Array.from({ length: seedCount }, (_, seed) => seed);
const report = new Report(import.meta.filename, settings);
report.put("seeds", seedCount);

await costs();
environments();
adapting();
families();
evaluations();
promotions();
report.finish();

async function costs(): Promise<void> {
  const profile = profileTask(parseSignature('message: str -> team: Literal["billing", "technical"]'));
  const texts = { "400 B": PAYLOAD_TEXT, "4 KiB": textOf(4_096), "64 KiB": textOf(65_536) };
  const analyses = await micro(
    Object.entries(texts).map(([name, message]) => ({
      name,
      run: (count: number) => {
        let last: unknown;
        for (let at = 0; at < count; at++) last = analyseTask(profile, { message }, {}, 0);
        return last;
      },
    })),
    settings,
  );
  const { median, p99 } = decisionCost(settings.short ? 200 : 2_000);
  report.put("decisionMicros", { median, p99 });
  report.put("analysisMicros", analyses);
  report.table({
    title: "cost of a decision among twenty arms, and of a task's analysis, µs",
    columns: ["", "found", "aim"],
    rows: [
      ["decision, median", shown(median), `≤ ${COST_AIM.median}`],
      ["decision, p99", shown(p99), `≤ ${COST_AIM.p99}`],
      ...analyses.map(({ name, micros }) => [`analysis of ${name}`, shown(micros.median), `≤ ${COST_AIM.analysis}`]),
    ],
  });
}

function environments(): void {
  const policies: Record<string, (seed: number, environment: Environment) => Policy> = {
    "round robin": roundRobin,
    "ε-greedy": epsilonGreedy,
    "earlier rule": earlierRule,
    ours: (seed) => learned(seed),
    ...PEERS,
  };
  const own = ["round robin", "ε-greedy", "earlier rule", "ours"];
  const found = new Map<string, Map<string, Part>>();
  for (const [letter, { make }] of Object.entries(ENVIRONMENTS)) {
    if (!only.includes(letter)) continue;
    const parts = new Map(Object.keys(policies).map((name) => [name, [] as Part[]]));
    for (const seed of seeds) {
      const environment = make(seed);
      const best = oracleCourse(environment, seed);
      for (const [name, policy] of Object.entries(policies)) {
        parts.get(name)?.push(partOf(simulate(environment, seed, REQUESTS, policy(seed, environment)), best));
      }
    }
    const means = new Map(
      [...parts].map(([name, all]) => [name, { early: mean(all.map((p) => p.early)), all: mean(all.map((p) => p.all)) }]),
    );
    found.set(letter, means);
    report.put(`environment-${letter}`, Object.fromEntries(means));
  }
  const cell = (part: Part | undefined) => (part === undefined ? "" : `${part.early.toFixed(1)} / ${part.all.toFixed(1)}`);
  const title = (letter: string) => `${letter} ${ENVIRONMENTS[letter]?.title}`;
  report.table({
    title: `% of the oracle over requests 1–500 / 1–${REQUESTS}, ${seedCount} seeds`,
    columns: ["environment", ...own, "aim", "met"],
    rows: [...found].map(([letter, means]) => [
      title(letter),
      ...own.map((name) => cell(means.get(name))),
      aimOf(letter),
      met(letter, means) ? "yes" : "NO",
    ]),
  });
  report.table({
    title: "the same of LiteLLM's strategies, with its cooldown",
    columns: ["environment", ...Object.keys(PEERS)],
    rows: [...found].map(([letter, means]) => [title(letter), ...Object.keys(PEERS).map((name) => cell(means.get(name)))]),
  });
}

function aimOf(letter: string): string {
  const { early, all, aboveRoundRobin } = AIMS[letter] ?? {};
  const more = aboveRoundRobin === undefined ? "" : `, +${aboveRoundRobin}`;
  return early === undefined && all === undefined ? "" : `${early ?? "–"} / ${all ?? "–"}${more}`;
}

function met(letter: string, means: ReadonlyMap<string, Part>): boolean {
  const { early = 0, all = 0, aboveRoundRobin = 0 } = AIMS[letter] ?? {};
  const ours = means.get("ours") as Part;
  const above = ours.all - (means.get("round robin") as Part).all;
  return ours.early >= early && ours.all >= all && above >= aboveRoundRobin;
}

function adapting(): void {
  if (!only.includes("c")) return;
  const make = (ENVIRONMENTS.c as (typeof ENVIRONMENTS)[string]).make;
  const rows: string[][] = [];
  // Whose first arm is the one that fails: what a declared order would go on using.
  const brokenArm = (environment: Environment) => oracleFirst(environment);
  for (const [name, policy] of Object.entries<(seed: number, environment: Environment) => Policy>({
    ours: (seed) => learned(seed),
    "earlier rule": earlierRule,
    "declared order": (_seed, environment) => always(brokenArm(environment)),
  })) {
    const all: Adaptation[] = seeds.map((seed) => adaptation(make(seed), seed, policy(seed, make(seed))));
    const requests = sorted(all.map((one) => one.requests));
    const broken = mean(all.map((one) => one.broken));
    const reward = mean(all.map((one) => one.reward));
    report.put(`adaptation-${name}`, { median: percentile(requests, 0.5), p90: percentile(requests, 0.9), broken, reward });
    rows.push([name, ...[percentile(requests, 0.5), percentile(requests, 0.9), broken, reward].map(shown)]);
  }
  const { median, p90, broken, lift } = ADAPTATION_AIM;
  rows.push(["aim", `≤ ${median}`, `≤ ${p90}`, `≤ ${broken}`, `+${lift} % over declared order`]);
  report.table({
    title: "after the best arm has failed",
    columns: ["", "requests to within 10 % (median)", "p90", "% of the next 500 to it", "reward of the next 4,000"],
    rows,
  });
}

function oracleFirst(environment: Environment): number {
  const { arms } = simulate(environment, 0, 1, {
    choose: ({ available }) => {
      const before = available.map((arm) => environment.truth(0, arm, 0).success);
      return before.indexOf(Math.max(...before));
    },
    learn: () => {},
  });
  return arms[0] as number;
}

function families(): void {
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

function evaluations(): void {
  const rows: string[][] = [];
  for (const requests of settings.short ? [500] : [2_000, 10_000]) {
    const byTarget = new Map<string, Judged[]>();
    for (const letter of "abcd") {
      for (const seed of seeds) {
        const environment = (ENVIRONMENTS[letter] as (typeof ENVIRONMENTS)[string]).make(seed);
        for (const one of judge(environment, seed, requests)) {
          byTarget.set(one.target.name, [...(byTarget.get(one.target.name) ?? []), one]);
        }
      }
    }
    const pooled = [...byTarget.values()].flat();
    const overlapping = pooled.filter((one) => one.target.overlaps);
    for (const [name, all] of [...byTarget, ["all targets", pooled], ["overlapping targets", overlapping]] as const) {
      const numbers = coverageOf(all);
      report.put(`evaluation-${requests}-${name}`, numbers);
      rows.push([`${requests}: ${name}`, ...numbers.map((value, at) => value.toFixed(at < 3 ? 1 : at < 5 ? 3 : 0))]);
    }
  }
  rows.push(["aim", `≥ ${EVALUATION_AIM.coverage}`, "", "", `overlapping ≤ ${EVALUATION_AIM.halfWidth}`, "", "", ""]);
  report.table({
    title: "other policies on the router's own log: coverage of 95 % intervals (environments a–d)",
    columns: ["decisions: target", "DR %", "SNIPS %", "IPS %", "± DR", "± SNIPS", "effective", "warned %"],
    rows,
  });
}

function coverageOf(all: readonly Judged[]): number[] {
  const part = (holds: (one: Judged) => boolean) => (100 * all.filter(holds).length) / all.length;
  const covers = (name: "doublyRobust" | "selfNormalised" | "importanceSampling") =>
    part(({ truth, evaluation }) => Math.abs(evaluation[name].value - truth) <= evaluation[name].halfWidth);
  return [
    covers("doublyRobust"),
    covers("selfNormalised"),
    covers("importanceSampling"),
    mean(all.map(({ evaluation }) => evaluation.doublyRobust.halfWidth)),
    mean(all.map(({ evaluation }) => evaluation.selfNormalised.halfWidth)),
    mean(all.map(({ evaluation }) => evaluation.effectiveSampleSize)),
    part(({ evaluation }) => evaluation.warnings.length > 0),
  ];
}

function promotions(): void {
  const runs = settings.short ? 20 : 400;
  const rows: string[][] = [];
  for (const binary of [false, true]) {
    for (const paired of [false, true]) {
      const kind = `${paired ? "paired" : "50/50"}, ${binary ? "all-or-nothing" : "graded"} rewards`;
      const found = (gain: number, requests: number) =>
        Array.from({ length: runs }, (_, seed) => promotedAt(seed, requests, { gain, paired, binary }));
      const none = found(0, 10_000).filter((at) => at !== undefined);
      const five = sorted(found(0.05, PROMOTION_AIM.within).filter((at) => at !== undefined));
      const falsePercent = (100 * none.length) / runs;
      const foundPercent = (100 * five.length) / runs;
      const within = five[Math.ceil(0.8 * runs) - 1] ?? Number.NaN;
      report.put(`promotion-${kind}`, { falsePercent, foundPercent, within });
      rows.push([kind, falsePercent.toFixed(1), foundPercent.toFixed(1), shown(within)]);
    }
  }
  const { falsePromotions, found, within } = PROMOTION_AIM;
  rows.push(["aim", `≤ ${falsePromotions}`, `≥ ${found}`, `≤ ${within} at 50/50`]);
  report.table({
    title: "promotion, asked after every request",
    columns: ["", "false in 10,000, %", "+5 points found in 3,000, %", "80 % of them by"],
    rows,
  });
}

function textOf(length: number): string {
  const sentence = "The invoice of May is wrong because it lists 12 seats, and we pay for 9 of them. ";
  return Buffer.from(sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length)).toString();
}
