// Searches for better values as lines for a person. Pure.

import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import type { Interval, OptimizationInfo, OptimizationReport } from "../../../client/mod.ts";
import { table } from "../table.ts";

const WIDTH = 24;

/** One line that is drawn over and over. */
export function progressLine(info: OptimizationInfo): string {
  const { status, position, waitsFor = [], tried, infeasible, trials, baseline, best, objectives } = info;
  if (status === "queued") {
    const others = waitsFor.length === 0 ? "" : `, behind ${waitsFor.join(", ")}`;
    return `waiting, place ${position}${others}`;
  }
  const full = Math.round(Math.min(1, tried / trials) * WIDTH);
  const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
  if (status === "checking") return `${bar} measuring the new values in force`;
  if (baseline === undefined) return `${bar} measuring what there is`;
  const refused = infeasible === 0 ? "" : `, ${infeasible} not allowed`;
  const found =
    best === undefined
      ? `, now ${meansText(objectives, baseline)}`
      : `, best so far ${meansText(objectives, best.objectives)} with ${valuesText(best.values)} (now ${meansText(objectives, baseline)})`;
  return `${bar} ${tried} of ${trials} trials${refused}${found}`;
}

/** What came of it. */
export function endLines(info: OptimizationInfo): string[] {
  const { report, applied, rolledBack, why, check, objectives } = info;
  if (report === undefined) return [];
  return [
    ...reportLines(report, objectives),
    ...(check === undefined ? [] : [checkText(check, objectives)]),
    ...(applied === true ? [`in force: ${valuesText(report.best?.values ?? {})}`] : []),
    ...(rolledBack === true ? [`rolled back to ${valuesText(report.base.values)}`] : []),
    ...(why === undefined ? [] : [why]),
    ...(applied !== true && rolledBack !== true && why === undefined && report.improved
      ? [`set them with: dspex variable set ${assignments(report.best?.values ?? {})}`]
      : []),
  ];
}

function reportLines(report: OptimizationReport, objectives: readonly string[]): string[] {
  const { base, best, differences, front, cost, trials, infeasible } = report;
  const { calls, inputTokens, outputTokens, costUsd, timeMs } = cost;
  const money = costUsd > 0 ? `, ${costUsd.toFixed(4)} USD` : "";
  const refused = infeasible === 0 ? "" : ` and ${infeasible} that may not be`;
  return [
    `before  ${intervalsText(objectives, base.objectives)}  ${valuesText(base.values)}`,
    ...(best === undefined
      ? []
      : [`after   ${intervalsText(objectives, best.objectives)}  ${valuesText(best.values)}`]),
    ...(differences === undefined
      ? []
      : [`gain    ${intervalsText(objectives, differences)}  on ${countOf(differences)} held-out examples`]),
    `cost    ${calls} requests, ${inputTokens + outputTokens} tokens${money}, ${Math.round(timeMs / 1_000)} s, ${trials} trials${refused}`,
    ...(front === undefined
      ? []
      : [
          "none is better in all than",
          ...front.map(({ trial, values, objectives: means }) => {
            return `  trial ${trial}  ${meansText(objectives, means)}  ${valuesText(values)}`;
          }),
        ]),
    ...(report.unanswered === 0 ? [] : [`${report.unanswered} requests failed, which scored 0`]),
    ...(report.metricFailures === 0
      ? []
      : [
          `the metric failed on ${report.metricFailures} examples, which scored 0: ${report.metricFailure ?? "it threw"}`,
        ]),
    ...(report.budgetEnded === undefined ? [] : [`the search ended early: ${report.budgetEnded}`]),
    report.verdict,
  ];
}

export function listLines(runs: readonly OptimizationInfo[]): string[] {
  if (runs.length === 0) return ["no optimisations"];
  const rows = runs.map((run) => [
    run.run,
    run.user,
    run.status === "queued" ? `place ${run.position}` : run.status,
    run.variables.join(" "),
    run.program,
    run.status === "queued" ? `priority ${run.priority}` : `${run.tried} of ${run.trials} trials`,
    run.waitsFor === undefined || run.waitsFor.length === 0 ? "" : `behind ${run.waitsFor.join(", ")}`,
  ]);
  return table([["run", "user", "", "variables", "program", "", ""], ...rows]);
}

function checkText(check: Record<string, unknown>, objectives: readonly string[]): string {
  const { differences } = check as { differences?: Record<string, Interval> };
  if (differences === undefined) return "check   could not be measured with the new values in force";
  return `check   ${intervalsText(objectives, differences)}  gain with the new values in force, ${countOf(differences)} examples`;
}

function intervalsText(objectives: readonly string[], of: Readonly<Record<string, Interval>>): string {
  return objectives
    .flatMap((name) => {
      const one = of[name];
      return one === undefined
        ? []
        : [`${name} ${figure(one.mean)} [${figure(one.low)}, ${figure(one.high)}]`];
    })
    .join(", ");
}

function meansText(objectives: readonly string[], means: Readonly<Record<string, number>>): string {
  return objectives.map((name) => `${name} ${figure(means[name])}`).join(", ");
}

function countOf(of: Readonly<Record<string, Interval>>): number {
  return Object.values(of)[0]?.count ?? 0;
}

function valuesText(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${stringifyJson(value)}`)
    .join(" ");
}

/** As a shell takes them. */
function assignments(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : stringifyJson(value)}`)
    .join(" ");
}

function figure(value: number | undefined): string {
  return value === undefined ? "?" : String(Number(value.toPrecision(3)));
}
