// Sides measured in turn, round after round, each round in another order: whatever the machine does meanwhile, it does
// to all of them.

import type { LoopResult, LoopSettings } from "./closed-loop.ts";
import { cpuMs } from "./cpu-time.ts";
import { type Spread, spread } from "./statistics.ts";

export interface Side {
  name: string;
  /** The measured processes by what they are called in the table. */
  processes: Readonly<Record<string, readonly number[]>>;
  load(settings: LoopSettings): Promise<LoopResult>;
  /** Before and after each of its measurements. */
  before?(): Promise<void>;
  after?(): Promise<void>;
}

export interface Measured {
  side: string;
  inFlight: number;
  perSecond: Spread;
  p50Ms: Spread;
  p99Ms: Spread;
  /** CPU of each process, µs a call; empty where the system does not tell. */
  cpuMicros: Readonly<Record<string, Spread>>;
  calls: number;
}

interface Round extends LoopResult {
  cpuMicros: Record<string, number>;
}

export async function interleaved(
  sides: readonly Side[],
  inFlights: readonly number[],
  { rounds, roundMs }: { rounds: number; roundMs: number },
): Promise<Measured[]> {
  const all = new Map<string, Round[]>();
  // The first round of all warms up: compilers, connections, the server's files.
  for (let round = -1; round < rounds; round++) {
    for (const inFlight of inFlights) {
      for (const at of sides.keys()) {
        const side = sides[(at + Math.max(round, 0)) % sides.length] as Side;
        const measured = await measure(side, { inFlight, durationMs: roundMs });
        if (round < 0) continue;
        const key = keyOf(side.name, inFlight);
        all.set(key, [...(all.get(key) ?? []), measured]);
      }
    }
  }
  return sides.flatMap((side) =>
    inFlights.map((inFlight) => summary(side, inFlight, all.get(keyOf(side.name, inFlight)) ?? [])),
  );
}

const keyOf = (name: string, inFlight: number): string => `${name}/${inFlight}`;

async function measure(side: Side, settings: LoopSettings): Promise<Round> {
  await side.before?.();
  const before = times(side.processes);
  const result = await side.load(settings);
  const after = times(side.processes);
  await side.after?.();
  const cpuMicros: Record<string, number> = {};
  for (const [name, ms] of Object.entries(after)) {
    const earlier = before[name];
    if (ms === undefined || earlier === undefined || result.calls === 0) continue;
    cpuMicros[name] = ((ms - earlier) * 1_000) / result.calls;
  }
  return { ...result, cpuMicros };
}

function times(processes: Side["processes"]): Record<string, number | undefined> {
  const sum = (pids: readonly number[]): number | undefined =>
    pids
      .map(cpuMs)
      .reduce((total, ms) => (total === undefined || ms === undefined ? undefined : total + ms), 0);
  return Object.fromEntries(Object.entries(processes).map(([name, pids]) => [name, sum(pids)]));
}

function summary({ name, processes }: Side, inFlight: number, rounds: readonly Round[]): Measured {
  const of = (value: (round: Round) => number): Spread => spread(rounds.map(value));
  const cpuMicros = Object.fromEntries(
    Object.keys(processes)
      .filter((process) => rounds.every((round) => round.cpuMicros[process] !== undefined))
      .map((process) => [process, of((round) => round.cpuMicros[process] as number)]),
  );
  return {
    side: name,
    inFlight,
    perSecond: of((round) => round.perSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMicros,
    calls: rounds.reduce((sum, round) => sum + round.calls, 0),
  };
}
