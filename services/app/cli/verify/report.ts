// What `dspex replay --verify` found, as lines.

import type { Decision } from "../../../../schemas/messages/parts.ts";
import { DECISION_KINDS, type DecisionKind } from "../../../router/verify/recorded.ts";
import type { Difference, Verdicts } from "../../../router/verify/verifier.ts";
import { type Erased, erasedText } from "../erased.ts";
import { stateDifferences } from "../state-diff.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";

export interface ShownDifference extends Difference {
  recorded: Decision;
}

export interface VerifyReport extends Verdicts {
  from: number;
  to: number;
  kinds: Record<DecisionKind, Verdicts>;
  notCheckableBecause: Record<string, number>;
  /** Decisions by rules that this version does not have. */
  otherRules: Record<string, number>;
  /** Sequences of messages whose decision cannot be read. */
  unreadable: number[];
  /** Decisions whose in-flight counts are below what the log shows, or above what it explains. */
  inFlight: { tooFew: number; unexplained: number | undefined };
  differences: ShownDifference[];
  /** What users had erased from the whole log. */
  erasedFromLog: Omit<Erased, "sequences"> | undefined;
  /** State that the fold began with; absent = it began with the log. */
  snapshotSequence: number | undefined;
  messages: number;
  tookMs: number;
}

export function isVerified({ different, unreadable }: VerifyReport): boolean {
  return different === 0 && unreadable.length === 0;
}

export function verifyJson(report: VerifyReport): object {
  const differences = report.differences.map(({ eligible: _eligible, got, ...one }) => ({
    ...one,
    got: got.kind === "refusal" ? { kind: got.kind, error: got.error.toWire() } : got,
  }));
  return { verified: isVerified(report), ...report, differences };
}

export function showVerify(terminal: Terminal, report: VerifyReport): void {
  const { from, to, same, different, notCheckable, erased, kinds, messages, tookMs, snapshotSequence } =
    report;
  const count = (n: number) => n.toLocaleString("en");
  const begin = snapshotSequence === undefined ? "" : `, from the snapshot at #${snapshotSequence}`;
  terminal.line(`${terminal.paint("bold", "verify")} #${from} to #${to}`);
  terminal.line(`folded ${count(messages)} messages in ${Math.round(tookMs)} ms${begin}`);
  const rows = DECISION_KINDS.map((kind) => ({ kind, ...kinds[kind] }))
    .filter((row) => row.same + row.different + row.notCheckable + row.erased > 0)
    .map((row) => [row.kind, ...[row.same, row.different, row.notCheckable, row.erased].map(count)]);
  const head = ["decisions", "same", "different", "not checkable", "erased"];
  const all = ["all", ...[same, different, notCheckable, erased].map(count)];
  for (const line of table([head, ...rows, all])) terminal.line(line);
  for (const [why, n] of Object.entries(report.notCheckableBecause))
    terminal.line(`not checkable: ${count(n)}, ${why}`);
  const { erasedFromLog } = report;
  if (erasedFromLog !== undefined) {
    terminal.line(`${erasedText(erasedFromLog)}; decisions that were among them are not counted at all`);
    if (erased > 0)
      terminal.line(
        `erased: ${count(erased)} decisions that come out otherwise without what they were taken from`,
      );
  }
  for (const [rule, n] of Object.entries(report.otherRules))
    terminal.line(`by another rule: ${count(n)} by ${rule}, which this version cannot take again`);
  if (report.unreadable.length > 0)
    terminal.line(terminal.paint("red", `unreadable: the decisions in #${report.unreadable.join(", #")}`));
  const { unexplained } = report.inFlight;
  if (unexplained !== undefined && unexplained > 0)
    terminal.line(`in flight: ${count(unexplained)} counted work that was never sent`);
  for (const difference of report.differences) showDifference(terminal, difference);
  const hidden = different - report.differences.length;
  if (hidden > 0) terminal.note(`… ${count(hidden)} more differences: --show ${different}`);
  const verdict = isVerified(report)
    ? terminal.paint("green", "every decision that can be taken again comes out the same")
    : terminal.paint("red", `${wrongText(different + report.unreadable.length)} not come out the same`);
  terminal.line(verdict);
}

function wrongText(n: number): string {
  return n === 1 ? "1 decision does" : `${n.toLocaleString("en")} decisions do`;
}

function showDifference(terminal: Terminal, difference: ShownDifference): void {
  const { id, kind, stateSequence, messageSequence, router, recorded, got, folded } = difference;
  terminal.line();
  terminal.line(
    `${terminal.paint("bold", id)} ${kind}, from the state at #${stateSequence}, recorded in #${messageSequence} by ${router}`,
  );
  if (got.kind === "refusal") {
    terminal.line(`  recorded ${recorded.chosen}, now ${got.error.code}: ${got.error.message}`);
    return;
  }
  if (got.kind !== "decision") {
    terminal.line(`  recorded ${recorded.chosen}, but ${WHY[got.kind]}`);
    return;
  }
  for (const line of candidateLines(recorded, got.decision)) terminal.line(`  ${line}`);
  const rest = ({ policyVersion, features }: Decision) => ({ policyVersion, features });
  for (const { path, before, after } of stateDifferences(rest(recorded), rest(got.decision)))
    terminal.line(`  ${path}: recorded ${JSON.stringify(before)}, now ${JSON.stringify(after)}`);
  for (const [pool, counted] of Object.entries(recorded.inFlight)) {
    const known = folded[pool] ?? 0;
    if (counted < known) terminal.line(`  in flight in ${pool}: recorded ${counted}, the log shows ${known}`);
  }
}

const WHY = {
  "nothing-to-follow": "the state has no attempt that it could follow",
  "impossible-state": "the state that it names is from before its request, or from after it",
} as const;

/** All candidates of both, those that differ with a mark. */
function candidateLines(recorded: Decision, now: Decision): string[] {
  const names = new Set([...recorded.candidates, ...now.candidates].map((one) => one.implementation));
  const rows = [...names].map((name) => {
    const [was, is] = [candidateText(recorded, name), candidateText(now, name)];
    return [was === is ? " " : "≠", name, was, is];
  });
  return table([["", "candidate", "recorded: score, probability", "now"], ...rows]);
}

function candidateText({ candidates, chosen }: Decision, name: string): string {
  const found = candidates.find((one) => one.implementation === name);
  if (found === undefined) return "–";
  const { score, probability, eligible } = found;
  return `${score}, ${probability}${eligible ? "" : ", not eligible"}${chosen === name ? ", chosen" : ""}`;
}
