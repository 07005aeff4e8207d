// Times in messages are milliseconds, of which microseconds are plenty.

export function roundMs(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
