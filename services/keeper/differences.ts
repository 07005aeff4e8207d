// Compares a live configuration, as the server reports it, with what the code relies on: pure. Only fields that
// are named in what is wanted count; larger limits than wanted are fine.

import type { ConsumerConfig, StreamConfig } from "../log/admin.ts";
import type { DesiredConsumer } from "./consumers.ts";
import type { DesiredStream } from "./streams.ts";

export interface Difference {
  /** `stream DSPEX`, `consumer work-router-requests`. */
  of: string;
  field: string;
  expected: unknown;
  actual: unknown;
}

/** More room than wanted breaks nothing; 0 and -1 mean no limit. */
const LIMITS: ReadonlySet<string> = new Set(["max_bytes", "max_age", "num_replicas"]);
/** For people only. */
const IGNORED: ReadonlySet<string> = new Set(["description"]);

export function streamDifferences(desired: DesiredStream, live: StreamConfig): Difference[] {
  return compare(`stream ${desired.name}`, desired, live as unknown as Record<string, unknown>);
}

export function consumerDifferences(desired: DesiredConsumer, live: ConsumerConfig): Difference[] {
  const { filter_subject, filter_subjects, ...rest } = live;
  const actual = {
    ...rest,
    filter_subjects: filter_subjects ?? (filter_subject === undefined ? [] : [filter_subject]),
    // A pull consumer has none; one that pushes would deliver the log wherever its creator aimed it.
    deliver_subject: live.deliver_subject ?? "",
  };
  const expected = { ...desired.config, deliver_subject: "" };
  return compare(`consumer ${desired.config.durable_name}`, expected, actual);
}

function compare(of: string, desired: object, live: Record<string, unknown>): Difference[] {
  const differences: Difference[] = [];
  for (const [field, expected] of Object.entries(desired)) {
    if (IGNORED.has(field)) continue;
    const actual = live[field];
    const fits = LIMITS.has(field)
      ? isEnough(actual as number | undefined, expected as number)
      : normal(actual) === normal(expected);
    if (!fits) differences.push({ of, field, expected, actual });
  }
  return differences;
}

function isEnough(actual: number | undefined, wanted: number): boolean {
  const size = (limit: number | undefined) =>
    limit === undefined || limit <= 0 ? Number.POSITIVE_INFINITY : limit;
  return size(actual) >= size(wanted);
}

/** The server leaves out what is off; order in lists of subjects means nothing. */
function normal(value: unknown): string {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return "off";
  if (Array.isArray(value)) return value.length === 0 ? "off" : JSON.stringify([...value].sort());
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, member]) => normal(member) !== "off");
    return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  return JSON.stringify(value);
}
