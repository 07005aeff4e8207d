// The tables of judging policies: off-policy estimates against the truth, and the promotion test against its promise.

import { type Report, shown } from "../kit/report.ts";
import { sorted } from "../kit/statistics.ts";
import { EVALUATION_AIM, PROMOTION_AIM } from "./aims.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { type Judged, judge } from "./evaluation.ts";
import { mean } from "./measure.ts";
import { promotedAt } from "./promotion.ts";

export function reportEvaluation(report: Report, seeds: readonly number[], logs: readonly number[]): void {
  const rows = logs.flatMap((requests) => {
    const judged = [..."abcd"].flatMap((letter) =>
      seeds.flatMap((seed) =>
        judge((ENVIRONMENTS[letter] as (typeof ENVIRONMENTS)[string]).make(seed), seed, requests),
      ),
    );
    const byTarget = Map.groupBy(judged, (one) => one.target.name);
    const overlapping = judged.filter((one) => one.target.overlaps);
    return [...byTarget, ["all targets", judged], ["overlapping targets", overlapping]].map((group) => {
      const [name, all] = group as [string, Judged[]];
      const numbers = coverageOf(all);
      report.put(`evaluation-${requests}-${name}`, numbers);
      return [
        `${requests}: ${name}`,
        ...numbers.map((value, at) => value.toFixed(at === 3 || at === 4 ? 3 : 1)),
      ];
    });
  });
  const { coverage, halfWidth } = EVALUATION_AIM;
  report.table({
    title: "other policies on the router's own log: coverage of 95 % intervals (environments a–d)",
    columns: ["decisions: target", "DR %", "SNIPS %", "IPS %", "± DR", "± SNIPS", "effective", "warned %"],
    rows: [...rows, ["aim: all; overlapping", `≥ ${coverage}`, "", "", `≤ ${halfWidth}`, "", "", ""]],
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

export function reportPromotion(report: Report, runs: number): void {
  const { falsePromotions, found, within } = PROMOTION_AIM;
  const rows = [
    { paired: false, binary: false },
    { paired: true, binary: false },
    { paired: false, binary: true },
    { paired: true, binary: true },
  ].map(({ paired, binary }) => {
    const kind = `${paired ? "paired" : "50/50"}, ${binary ? "all-or-nothing" : "graded"} rewards`;
    const promotions = (gain: number, requests: number) =>
      Array.from({ length: runs }, (_, seed) => promotedAt(seed, requests, { gain, paired, binary })).filter(
        (at) => at !== undefined,
      );
    const right = sorted(promotions(0.05, within));
    const numbers = {
      falsePercent: (100 * promotions(0, 10_000).length) / runs,
      foundPercent: (100 * right.length) / runs,
      foundBy: right[Math.ceil((found / 100) * runs) - 1] ?? Number.NaN,
    };
    report.put(`promotion-${kind}`, numbers);
    return [kind, numbers.falsePercent.toFixed(1), numbers.foundPercent.toFixed(1), shown(numbers.foundBy)];
  });
  report.table({
    title: `promotion, asked after every request, ${runs} runs`,
    columns: ["", "false in 10,000, %", `+5 points found in ${within}, %`, `${found} % of runs by`],
    rows: [...rows, ["aim", `≤ ${falsePromotions}`, `≥ ${found}`, `≤ ${within} at 50/50`]],
  });
}
