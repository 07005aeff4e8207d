// How much work something is, where a test must fail if it grows out of proportion: the process's own time, so that
// a busy machine does not count.

/** Milliseconds of CPU that this process takes for `run`. */
export function cpuMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user / 1_000;
}
