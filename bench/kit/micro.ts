// What one call of a function costs, in µs of CPU of this thread: wall time on a shared machine would also count what
// its neighbours do. Cases are measured in turn, round after round.

import { type Spread, spread } from "./statistics.ts";

export interface MicroCase {
  name: string;
  /** Makes `count` calls and returns something that depends on their results, so that none is optimised away. */
  run: (count: number) => unknown;
}

export interface MicroResult {
  name: string;
  /** CPU of one call. */
  micros: Spread;
}

let sink: unknown;

export async function micro(
  cases: readonly MicroCase[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<MicroResult[]> {
  const counts = new Map<string, number>();
  for (const one of cases) counts.set(one.name, await callsFor(one, roundMs));
  const measured = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const at of cases.keys()) {
      const one = cases[(at + round) % cases.length] as MicroCase;
      const count = counts.get(one.name) as number;
      measured.set(one.name, [...(measured.get(one.name) ?? []), (await cpuMicros(one, count)) / count]);
    }
  }
  if (sink === Symbol.for("never")) throw new Error("unreachable");
  return cases.map(({ name }) => ({ name, micros: spread(measured.get(name) ?? []) }));
}

/** Warms up, and finds how many calls fill a round. */
async function callsFor(one: MicroCase, roundMs: number): Promise<number> {
  let count = 1;
  for (;;) {
    const micros = await cpuMicros(one, count);
    if (micros > (roundMs * 1_000) / 4) return Math.max(1, Math.round((count * roundMs * 1_000) / micros));
    count = Math.ceil(count * (micros < 1_000 ? 10 : Math.min(10, (roundMs * 500) / micros + 1)));
  }
}

async function cpuMicros({ run }: MicroCase, count: number): Promise<number> {
  const before = process.threadCpuUsage();
  const result = run(count);
  sink = result instanceof Promise ? await result : result;
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
