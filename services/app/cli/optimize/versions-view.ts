// Pure: the versions of a program, and what differs between two, as a person reads them.

import type { ProgramDefinition } from "../../../../schemas/messages/program-event.ts";
import { stateDifferences } from "../state-diff.ts";
import { table } from "../table.ts";
import { type Report, share } from "./view.ts";

/** What `program.versions` answers. */
export interface VersionsAnswer {
  name: string;
  current: string;
  versions: { version: string; by: string; time: string }[];
  published: {
    version: string;
    parent: string;
    run: string;
    by: string;
    time: string;
    report: Pick<Report, "base" | "best" | "optimizer" | "metric">;
    withdrawn?: { by: string; reason?: string };
  }[];
  promoted?: { version: string; previous: string; base: string; pinned: boolean; by: string };
}

export function versionLines({ current, versions, published, promoted }: VersionsAnswer): string[] {
  const made = new Set(published.map(({ version }) => version));
  const mark = (version: string) => (version === current ? "*" : " ");
  const pinned = (version: string) =>
    version === promoted?.version && (promoted.pinned || version !== promoted.base)
      ? [promoted.pinned ? "promoted, pinned" : "promoted"]
      : [];
  const declared = versions
    .filter(({ version }) => !made.has(version))
    .map(({ version, by, time }) => [
      `${mark(version)} ${version}`,
      time,
      [`registered by ${by}`, ...pinned(version)].join(", "),
    ]);
  const optimised = published.map(({ version, parent, run, time, report, withdrawn }) => [
    `${mark(version)} ${version}`,
    time,
    [
      `${report.optimizer} on ${parent} (run ${run})`,
      ...(report.best === undefined
        ? []
        : [`${report.metric} ${share(report.base)} → ${share(report.best)}`]),
      ...pinned(version),
      ...(withdrawn === undefined ? [] : [`withdrawn${withdrawn.reason ? `: ${withdrawn.reason}` : ""}`]),
    ].join(", "),
  ]);
  return table([...declared, ...optimised]);
}

/** Prompts, demonstrations and settings, line by line: `-` the first version, `+` the second. */
export function diffLines(before: ProgramDefinition, after: ProgramDefinition): string[] {
  const { version: _before, ...one } = before;
  const { version: _after, ...other } = after;
  return stateDifferences(one, other).flatMap(({ path, before: was, after: is }) => [
    path,
    ...textLines("-", was),
    ...textLines("+", is),
  ]);
}

function textLines(sign: "-" | "+", value: unknown): string[] {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
  return text.split("\n").map((line) => `  ${sign} ${line}`);
}
