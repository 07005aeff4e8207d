// The tables and the picture of one program: its implementations alone, routing beside what else the same stream would
// have got, and whether off-policy estimates of the same log find that too.

import { shownShare } from "../../examples/datasets/exact.ts";
import { evaluate } from "../../services/learning/evaluate/evaluate.ts";
import { loggedFrom } from "../../services/learning/evaluate/from-log.ts";
import { fixedOrder, uniform } from "../../services/learning/evaluate/targets.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import type { Report } from "../kit/report.ts";
import { shown } from "../kit/report.ts";
import { percentile, sorted } from "../kit/statistics.ts";
import { compare, smoothedShares } from "./compare.ts";
import { type Alone, type Chosen, type Plan, readAlone, readFree } from "./measure.ts";
import { learningPicture } from "./picture.ts";
import type { WholeLog } from "./read-log.ts";
import { replay } from "./traces.ts";

/** Part of the stream that counts as its end. */
const LATE = 0.25;
const POINTS = 120;
const SEEDS = 50;

/** Returns the picture. */
export function reportLearning(report: Report, plan: Plan, log: WholeLog): string {
  const { program, arms, rows } = plan;
  const alone = readAlone(plan, log.answered);
  const free = readFree(plan, log.answered);
  const late = free.slice(-Math.ceil(free.length * LATE));
  const shareOf = (some: readonly Chosen[], arm: string) =>
    some.filter(({ chosen }) => chosen === arm).length / some.length;
  report.table({
    title: `${program}: each implementation alone on ${rows.length} held-out sentences, and how often routing took it`,
    columns: [
      "implementation",
      "right",
      "p50 ms",
      "p95 ms",
      "tokens",
      "failed",
      "reward",
      "of all",
      "of the last quarter",
    ],
    rows: Array.from(alone, ([arm, all]) => [
      arm,
      shownShare(sum(all.map(({ right }) => right)), rows.length),
      ...[0.5, 0.95].map((share) => shown(percentile(sorted(all.map(({ latencyMs }) => latencyMs)), share))),
      shown(mean(all.map(({ tokens }) => tokens))),
      String(all.filter(({ success }) => !success).length),
      meanReward(all).toFixed(3),
      percent(shareOf(free, arm)),
      percent(shareOf(late, arm)),
    ]),
  });

  report.put(
    `${program}-traces`,
    Object.fromEntries(Array.from(alone, ([arm, all]) => [arm, all.map(shownTrace)])),
  );
  const result = compare(
    free,
    new Map(Array.from(alone, ([arm, all]) => [arm, all.map(({ reward }) => reward)])),
  );
  const declared = arms[0] ?? "";
  report.table({
    title: `${program}: ${free.length} requests, what they got and what else they would have got`,
    columns: ["policy", "mean reward", "of the best single"],
    rows: [
      ["routing, all requests", result.routed],
      ["routing, last quarter", meanReward(late)],
      [`declared order (${declared})`, result.declaredOrder],
      ["round robin", result.roundRobin],
      [`best single (${result.bestArm})`, result.bestSingle],
    ].map(([name, reward]) => [
      String(name),
      Number(reward).toFixed(3),
      percent(Number(reward) / result.bestSingle),
    ]),
  });
  reportEstimates(report, plan, free, alone);
  reportTraces(report, plan, [...alone.values()], result.bestSingle);
  report.put(program, {
    ...result,
    gains: undefined,
    policyVersions: versionsOf(free),
    requests: free.map(shownChoice),
  });

  return learningPicture({
    title: `${program}: learning which implementation is best`,
    subtitle: `embedded model, ${free.length} requests of held-out sentences; each answer scored right or wrong`,
    arms: arms.map((name) => ({
      name,
      note: percentRight(alone.get(name) ?? []),
    })),
    shares: smoothedShares(
      free.map(({ chosen }) => chosen),
      arms,
      { width: Math.max(4, free.length / 40), points: POINTS },
    ),
    gains: result.gains,
    first: declared,
  });
}

/** The log's own estimates, beside what really came of it. */
function reportEstimates(
  report: Report,
  { program, arms }: Plan,
  free: readonly Chosen[],
  alone: ReadonlyMap<string, Alone[]>,
) {
  const logged = free.flatMap(({ answer, right }) => {
    const { decision, status, timings, usage } = answer;
    const one =
      decision && loggedFrom(decision, { result: { status, timings, usage }, quality: right }, BALANCED);
    return one === undefined ? [] : [one];
  });
  if (logged.length === 0) return;
  const measured = arms.map((arm) => meanReward(alone.get(arm) ?? []));
  const targets = [
    ...arms.map((arm, at) => ({
      name: `always ${arm}`,
      policy: fixedOrder([arm]),
      truth: measured[at] as number,
    })),
    { name: "uniform", policy: uniform, truth: mean(measured) },
  ];
  report.table({
    title: `${program}: other policies judged by the log of ${logged.length} free decisions, beside what each got alone`,
    columns: ["policy", "doubly robust", "alone", "effective", "warnings"],
    rows: targets.map(({ name, policy, truth }) => {
      const { doublyRobust, effectiveSampleSize, warnings } = evaluate(logged, (one) => policy(one.arms));
      return [
        name,
        `${doublyRobust.value.toFixed(3)} ± ${doublyRobust.halfWidth.toFixed(3)}`,
        truth.toFixed(3),
        shown(effectiveSampleSize),
        String(warnings.length),
      ];
    }),
  });
}

/** The router's strategy and others, where each choice gets what that implementation really answered. */
function reportTraces(
  report: Report,
  { program, stream, rows }: Plan,
  traces: readonly Alone[][],
  best: number,
) {
  const replayed = replay(traces, stream.length, SEEDS);
  report.put(`${program}-simulated`, replayed);
  report.table({
    title: `${program}: policies on these traces, ${stream.length} requests, means of ${SEEDS} orders of ${rows.length} sentences`,
    columns: ["policy", "reward of the first 100", "of all", "of the best single", "right"],
    rows: replayed.map(({ name, early, all, right }) => [
      name,
      early.toFixed(3),
      all.toFixed(3),
      percent(all / best),
      percent(right),
    ]),
  });
}

function versionsOf(free: readonly Chosen[]): string[] {
  return [...new Set(free.map(({ answer }) => answer.decision?.policyVersion ?? "none"))];
}

/** Right, ms, tokens. */
function shownTrace({ right, latencyMs, tokens }: Alone): number[] {
  return [right, latencyMs, tokens];
}

function shownChoice({ row, chosen, right, reward, answer }: Chosen) {
  const { decision, timings, status } = answer;
  const probability = decision?.candidates.find((one) => one.implementation === chosen)?.probability;
  return { row, chosen, probability, right, status, reward: Number(reward.toFixed(4)), ms: timings.totalMs };
}

function meanReward(all: readonly { reward: number }[]): number {
  return mean(all.map(({ reward }) => reward));
}

function percentRight(all: readonly Alone[]): string {
  return `${Math.round(100 * mean(all.map(({ right }) => right)))} % right`;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
