// Pure: the versions of a program, and what differs between two, as a person reads them.

import type { ProgramDefinition } from "../../../../schemas/messages/program-event.ts";
import type { CanaryEvidence } from "../../../../schemas/messages/version-event.ts";
import type { VersionsInfo } from "../../../client/program-versions.ts";
import { stateDifferences } from "../state-diff.ts";
import { table } from "../table.ts";
import { share } from "./view.ts";

/** `*` the version in use, `~` one that is tried beside it. */
export function versionLines({ current, versions, published, promoted, canary }: VersionsInfo): string[] {
  const made = new Set(published.map(({ version }) => version));
  const mark = (version: string) => (version === current ? "*" : version === canary?.version ? "~" : " ");
  const tried = (version: string) =>
    canary?.version === version
      ? [`canary with ${of100(canary.share)} of the requests`, ...canaryTexts(canary.evidence)]
      : [];
  const pinned = (version: string) =>
    version === promoted?.version && (promoted.pinned || version !== promoted.base)
      ? [promoted.pinned ? "promoted, pinned" : "promoted"]
      : [];
  const declared = versions
    .filter(({ version }) => !made.has(version))
    .map(({ version, by, time }) => [
      `${mark(version)} ${version}`,
      time,
      [`registered by ${by}`, ...pinned(version), ...tried(version)].join(", "),
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
      ...tried(version),
      ...(withdrawn === undefined ? [] : [`withdrawn${withdrawn.reason ? `: ${withdrawn.reason}` : ""}`]),
    ].join(", "),
  ]);
  return table([...declared, ...optimised]);
}

/** What speaks for it so far. */
function canaryTexts(evidence: CanaryEvidence | undefined): string[] {
  return (evidence?.channels ?? []).map(({ channel, canary, others }) => {
    const what = channel === "success" ? "succeeds" : "judged";
    return `${what} ${of100(canary.mean)} of ${canary.count} (others ${of100(others.mean)} of ${others.count})`;
  });
}

function of100(value: number): string {
  return `${Math.round(value * 1_000) / 10} %`;
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
