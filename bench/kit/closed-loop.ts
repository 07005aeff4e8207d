// A closed loop: so many calls in flight, each replaced when it is answered, for so long. What is measured is what a
// caller sees.

import { percentile, sorted } from "./statistics.ts";

export interface LoopSettings {
  inFlight: number;
  durationMs: number;
}

export interface LoopResult {
  calls: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** `call` makes the n-th call and checks its answer; what it throws ends the measurement. */
export async function closedLoop(
  call: () => Promise<unknown>,
  { inFlight, durationMs }: LoopSettings,
): Promise<LoopResult> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  const lane = async (): Promise<void> => {
    for (;;) {
      const sentAt = performance.now();
      if (sentAt >= until) return;
      await call();
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - startedAt) / 1_000;
  const ascending = sorted(latencies);
  return {
    calls: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50Ms: percentile(ascending, 0.5),
    p99Ms: percentile(ascending, 0.99),
  };
}
