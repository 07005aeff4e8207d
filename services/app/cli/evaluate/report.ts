// What `dspex replay --evaluate` found, as lines.

import type { RewardWeights } from "../../../../schemas/messages/parts.ts";
import { verdictOf } from "../../../learning/evaluate/evaluate.ts";
import type { Estimate } from "../../../learning/evaluate/interval.ts";
import type { ProgramEvaluation } from "../../../learning/evaluate/judged.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import type { LeftOut } from "./gather.ts";

export interface EvaluationReport {
  /** As it was given. */
  policy: string;
  /** By which all requests were judged; absent = each by its own. */
  weights: RewardWeights | undefined;
  from: number;
  to: number;
  all: ProgramEvaluation;
  programs: [string, ProgramEvaluation][];
  leftOut: LeftOut & { noState: number };
  /** Named by the policy, and never a candidate in the log. */
  unknownImplementations: string[];
  tookMs: number;
}

export function evaluationJson({ programs, all, ...rest }: EvaluationReport): object {
  const told = (one: ProgramEvaluation) => ({ verdict: verdictOf(one), ...one });
  return {
    ...rest,
    all: told(all),
    programs: Object.fromEntries(programs.map(([name, one]) => [name, told(one)])),
  };
}

/** Decisions that a log must be worth for an estimate to be shown. */
const LEAST_SHOWN = 10;

export function showEvaluation(terminal: Terminal, report: EvaluationReport): void {
  const { policy, weights, from, to, all, programs, tookMs } = report;
  terminal.line(`${terminal.paint("bold", policy)} on #${from} to #${to}, in ${Math.round(tookMs)} ms`);
  terminal.line(
    weights === undefined
      ? "each request judged by its own weights"
      : `judged by quality ${share(weights.quality)}, time ${share(weights.time)}, cost ${share(weights.cost)}`,
  );
  const rows = [...programs, ...(programs.length === 1 ? [] : [["all", all] as const])];
  const head = ["program", "n", "got", "IPS", "SNIPS", "DR", "gain", "worth", "verdict"];
  const cells = rows.map(([name, one]) => [
    name,
    one.decisions.toLocaleString("en"),
    estimate(one.logged),
    // Of next to no decisions an interval may be narrow by luck.
    ...(one.effectiveSampleSize < LEAST_SHOWN
      ? ["–", "–", "–", "–"]
      : [
          estimate(one.importanceSampling),
          estimate(one.selfNormalised),
          estimate(one.doublyRobust),
          estimate(one.gain, true),
        ]),
    Math.floor(one.effectiveSampleSize).toLocaleString("en"),
    verdictOf(one),
  ]);
  for (const line of table([head, ...cells])) terminal.line(line);
  for (const [name, { warnings }] of rows) {
    for (const warning of warnings) terminal.line(`${terminal.paint("yellow", `${name}:`)} ${warning}`);
  }
  for (const name of report.unknownImplementations)
    terminal.line(`${terminal.paint("yellow", "policy:")} no decision had an implementation "${name}"`);
  for (const line of leftOutLines(report.leftOut)) terminal.line(terminal.paint("dim", line));
}

function leftOutLines({ noChoice, cancelled, noDecision, noState }: EvaluationReport["leftOut"]): string[] {
  const reasons: [number, string][] = [
    [noChoice, "with one implementation to choose, or one that was named"],
    [cancelled, "cancelled"],
    [noDecision, "without a decision that chance took"],
    [noState, "whose statistics are no longer in the log"],
  ];
  const told = reasons.filter(([n]) => n > 0).map(([n, why]) => `${n.toLocaleString("en")} ${why}`);
  return told.length === 0 ? [] : [`left out: ${told.join(", ")}`];
}

function estimate({ value, halfWidth }: Estimate, isSigned = false): string {
  const sign = isSigned && value >= 0 ? "+" : "";
  return `${sign}${value.toFixed(3)} ±${halfWidth.toFixed(3)}`;
}

function share(weight: number): string {
  return weight.toFixed(2);
}
