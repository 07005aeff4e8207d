// Pure: a point in the log as it is typed: a sequence, a time, or how long ago.

import { DspexError } from "../../../schemas/errors.ts";

export type LogPoint = { kind: "sequence"; sequence: number } | { kind: "time"; timeMs: number };

const AGO: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `1042` or `#1042` = that sequence; `10m`, `2h`, `1d` = so long ago; else a date and time, e.g. `2026-11-23T10:00`.
 * @throws DspexError `invalid_inputs` quoting what is none of these.
 */
export function parseLogPoint(text: string, nowMs: number): LogPoint {
  const sequence = /^#?(\d{1,15})$/.exec(text);
  if (sequence !== null) return { kind: "sequence", sequence: Number(sequence[1]) };
  const ago = /^(\d{1,9}(?:\.\d+)?)(s|m|h|d)$/.exec(text);
  if (ago !== null) return { kind: "time", timeMs: nowMs - Number(ago[1]) * (AGO[ago[2] ?? "s"] ?? 1) };
  const timeMs = Date.parse(text);
  if (!Number.isNaN(timeMs)) return { kind: "time", timeMs };
  throw new DspexError(
    "invalid_inputs",
    `${JSON.stringify(text)} is no point in the log: a sequence (1042), a time (2026-11-23T10:00), or an age (10m)`,
  );
}
