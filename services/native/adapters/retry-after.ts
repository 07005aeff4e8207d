// How long a server asks us to wait, from its answer's headers. Pure: the present is passed in.

const LONGEST_MS = 3_600_000;

export function retryAfterMs(
  headers: Readonly<Record<string, string>> | undefined,
  nowMs: number,
): number | undefined {
  if (headers === undefined) return undefined;
  const exact = Number(headers["retry-after-ms"]);
  if (headers["retry-after-ms"] !== undefined && Number.isFinite(exact)) return bounded(exact);
  const given = headers["retry-after"];
  if (given === undefined) return undefined;
  const seconds = Number(given);
  if (given.trim() !== "" && Number.isFinite(seconds)) return bounded(seconds * 1_000);
  const date = Date.parse(given);
  return Number.isNaN(date) ? undefined : bounded(date - nowMs);
}

function bounded(ms: number): number {
  return Math.round(Math.min(Math.max(ms, 0), LONGEST_MS));
}
