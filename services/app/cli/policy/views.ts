// Pure: policies as a person reads them: which is in force and which compete with it, what one version knows, and what
// changed between two.

import type { ArmStanding, ProgramPolicy } from "../../../../schemas/messages/policy-event.ts";
import type { DiffAnswer, PolicyListAnswer, ShowAnswer } from "../../../learning/serve.ts";
import { STANDING_HEAD, standingCells } from "../candidate-table.ts";
import { amount, bar, milliseconds, percent } from "../figures.ts";
import { table } from "../table.ts";
import type { Style } from "../terminal.ts";
import { settingsText } from "./settings.ts";

type Paint = (style: Style, text: string) => string;

const NOTHING_LEARNED =
  "nothing has been learned yet: policies are published when requests have been answered";

export function listLines(list: PolicyListAnswer, paint: Paint): string[] {
  const { current, version, frozen, challengers, history } = list;
  const stopped = frozen.all ? "everything" : frozen.programs.join(", ");
  return [
    ...table([
      ["in force", settingsText(current)],
      ["version", version === 0 ? `0: ${NOTHING_LEARNED}` : String(version)],
      ...(stopped === "" ? [] : [["frozen", stopped]]),
    ]),
    "",
    ...challengerLines(challengers, paint),
    ...(history.length === 0 ? [] : ["", ...historyLines(history, paint)]),
  ];
}

function challengerLines(challengers: PolicyListAnswer["challengers"], paint: Paint): string[] {
  if (challengers.length === 0) return [paint("dim", "no challengers")];
  const [head = "", ...rows] = table([
    ["challengers", "decisions", "got", "would have got", "bet"],
    ...challengers.map(({ settings, evidence }) => {
      const { decisions, logged, estimated, halfWidth, wealth, threshold } = evidence;
      return [
        settingsText(settings),
        decisions.toLocaleString("en"),
        logged.toFixed(3),
        `${estimated.toFixed(3)} ± ${halfWidth.toFixed(3)}`,
        `${wealth.toPrecision(3)} of ${threshold.toPrecision(3)}`,
      ];
    }),
  ]);
  return [
    paint("dim", head),
    ...rows.map((row, at) => {
      const { wealth = 0, threshold = 1 } = challengers[at]?.evidence ?? {};
      return wealth >= threshold ? paint("green", row) : row;
    }),
  ];
}

function historyLines(history: PolicyListAnswer["history"], paint: Paint): string[] {
  const rows = history
    .toReversed()
    .map(({ time, sequence, verb, version, by, what = "" }) => [
      time,
      `#${sequence}`,
      `version ${version}`,
      verb,
      by === undefined ? what : `${what} by ${by}`.trim(),
    ]);
  return [paint("dim", "history, newest first"), ...table(rows)];
}

/** `wanted` = the program that was asked for. */
export function showLines(shown: ShowAnswer, wanted: string | undefined, paint: Paint): string[] {
  const { version, coveredSequence, settings, programs, omitted } = shown;
  return [
    `${paint("bold", `version ${version}`)}  of the log up to #${coveredSequence}  ${settingsText(settings)}`,
    ...(programs.length === 0
      ? ["", nothing(version, wanted)]
      : programs.flatMap((one) => programLines(one, paint))),
    ...omittedLines(omitted, "programs"),
  ];
}

function nothing(version: number, wanted: string | undefined): string {
  return wanted === undefined || version === 0
    ? NOTHING_LEARNED
    : `nothing is known of ${JSON.stringify(wanted)} in version ${version}`;
}

function programLines({ program, strategies, calibrations }: ProgramPolicy, paint: Paint): string[] {
  return [
    ...strategies.flatMap(({ task, arms }) => {
      const [head = "", ...rows] = table([
        ["implementation", "expected", "chance", ...STANDING_HEAD],
        ...arms.map((arm) => [
          arm.implementation,
          arm.reward.toFixed(2),
          `${bar(arm.probability)} ${percent(arm.probability).padStart(5)}`,
          ...standingCells(arm),
        ]),
      ]);
      return ["", `${paint("bold", program)}  ${task}`, paint("dim", head), ...rows];
    }),
    ...calibrations.map(({ arm, count, means }) => {
      const leanings = Object.entries(means).map(([label, mean]) => `${label} ${mean.toFixed(2)}`);
      return `${paint("dim", `${arm}: mean log-probabilities over ${count} inputs:`)} ${leanings.join(", ")}`;
    }),
  ];
}

export function diffLines({ from, to, differences, omitted }: DiffAnswer, paint: Paint): string[] {
  if (differences.length === 0) return [`versions ${from} and ${to} know the same`];
  const [head = "", ...rows] = table([
    ["program", "task", "implementation", "expected", "chance", "success", "p95", "tries"],
    ...differences.map(({ program, task, arm, before, after }) => [
      program,
      task,
      after?.implementation ?? before?.implementation ?? arm,
      step(before, after, ({ reward }) => reward.toFixed(2)),
      step(before, after, ({ probability }) => percent(probability)),
      step(before, after, ({ successRate }) => percent(successRate)),
      step(before, after, ({ p95Ms }) => milliseconds(p95Ms)),
      step(before, after, ({ attempts }) => amount(attempts)),
    ]),
  ]);
  return [
    `${paint("bold", `version ${from} → ${to}`)}`,
    paint("dim", head),
    ...rows.map((row, at) => {
      const { before, after } = differences[at] ?? {};
      if (before === undefined || after === undefined)
        return paint(after === undefined ? "red" : "cyan", row);
      return paint(after.probability > before.probability ? "green" : "yellow", row);
    }),
    ...omittedLines(omitted, "differences"),
  ];
}

/** What would have made the answer too long. */
export function omittedLines(omitted: number, what: string): string[] {
  return omitted === 0 ? [] : ["", `${omitted} more ${what}: ask for one program with --program`];
}

/** `0.70 → 0.83`; one figure where nothing changed, `new` and `gone` where there is one side only. */
function step(
  before: ArmStanding | undefined,
  after: ArmStanding | undefined,
  figure: (standing: ArmStanding) => string,
): string {
  if (before === undefined) return after === undefined ? "" : `new ${figure(after)}`;
  if (after === undefined) return `gone ${figure(before)}`;
  const [was, is] = [figure(before), figure(after)];
  return was === is ? is : `${was} → ${is}`;
}
