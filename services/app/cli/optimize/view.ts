// Pure: an optimisation as a person reads it.

export interface Interval {
  mean: number;
  low: number;
  high: number;
  count: number;
}
export interface Report {
  program: string;
  parent: string;
  improved: boolean;
  verdict: string;
  optimizer: string;
  metric: string;
  trials: number;
  base: Interval & { implementation: string };
  best?: Interval & { params: Record<string, unknown> };
  difference?: Interval;
  cost: { calls: number; inputTokens: number; outputTokens: number; costUsd: number; timeMs: number };
  metricFailures: number;
  metricFailure?: string;
  budgetEnded?: string;
}
/** What `program.optimization` answers. */
export interface RunAnswer {
  run: string;
  status: "running" | "finished" | "failed" | "cancelled";
  tried: number;
  trials: number;
  calls: number;
  base?: number;
  best?: { trial: number; score: number };
  report?: Report;
  published?: string;
  error?: { code: string; message: string };
}

const WIDTH = 24;

/** `82.0 % [73.3–88.3]` */
export function share({ mean, low, high }: Interval): string {
  return `${of100(mean)} % [${of100(low)}–${of100(high)}]`;
}

export function progressLine({ tried, trials, best, base, calls }: RunAnswer): string {
  const full = Math.round(Math.min(1, tried / trials) * WIDTH);
  const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
  if (base === undefined) return `${bar} measuring what there is`;
  const found = best === undefined ? "" : `, best so far ${of100(best.score)} % (trial ${best.trial})`;
  return `${bar} ${tried} of ${trials} trials${found}, ${calls.toLocaleString("en")} calls`;
}

export function reportLines(report: Report, published: string | undefined): string[] {
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
