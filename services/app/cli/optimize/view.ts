// Pure: an optimisation as a person reads it.

import type { OptimizationState } from "../../../client/program-optimize.ts";
import type { OptimizationOutcome, Score } from "../../../client/program-versions.ts";

export type RunProgress = Pick<OptimizationState, "tried" | "trials" | "best" | "base" | "calls">;

const WIDTH = 24;

/** `82.0 % [73.3–88.3]` */
export function share({ mean, low, high }: Score): string {
  return `${of100(mean)} % [${of100(low)}–${of100(high)}]`;
}

export function progressLine({ tried, trials, best, base, calls }: RunProgress): string {
  const full = Math.round(Math.min(1, tried / trials) * WIDTH);
  const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
  if (base === undefined) return `${bar} measuring what there is`;
  const found = best === undefined ? "" : `, best so far ${of100(best.score)} % (trial ${best.trial})`;
  return `${bar} ${tried} of ${trials} trials${found}, ${calls.toLocaleString("en")} calls`;
}

export function reportLines(report: OptimizationOutcome, published: string | undefined): string[] {
  const { base, best, difference, cost, metricFailures } = report;
  const { calls, inputTokens, outputTokens, costUsd, timeMs } = cost;
  const money = costUsd > 0 ? `, ${costUsd.toFixed(4)} USD` : "";
  return [
    `before  ${share(base)}  ${base.implementation}, ${base.count} held-out examples`,
    ...(best === undefined ? [] : [`after   ${share(best)}  ${setting(best.params)}`]),
    ...(difference === undefined ? [] : [`gain    ${share(difference)}`]),
    `cost    ${calls} calls, ${inputTokens + outputTokens} tokens${money}, ${Math.round(timeMs / 1_000)} s, ${report.trials} trials of ${report.optimizer}`,
    ...(report.budgetEnded === undefined ? [] : [`the search ended early: ${report.budgetEnded}`]),
    ...(metricFailures === 0
      ? []
      : [
          `the metric failed on ${metricFailures} examples, which scored 0: ${report.metricFailure ?? "it threw"}`,
        ]),
    report.verdict,
    ...(published === undefined
      ? []
      : [`version ${published}; use it with: dspex versions promote ${report.program} ${published}`]),
  ];
}

function setting(params: Record<string, unknown>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ");
}

function of100(value: number): string {
  return (value * 100).toFixed(1);
}
