// What a benchmark is told: how long to measure, and what a smoke test shortens. `--short` measures little, only to
// see that everything runs; `--rounds`, `--seconds` and `--profile` are for whoever looks closer.

import { parseArgs } from "node:util";

export interface BenchSettings {
  /** For a smoke test: the numbers mean little. */
  short: boolean;
  /** How often each side is measured, one after the other. */
  rounds: number;
  /** Length of one measurement, ms. */
  roundMs: number;
  /** Folder for V8 CPU profiles of the measured processes; absent = none. */
  profileFolder: string | undefined;
  /** Number of events, where a benchmark has some. */
  events: number | undefined;
}

export function benchSettings(usual: { rounds: number; seconds: number }): BenchSettings {
  const { values } = parseArgs({
    options: {
      short: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      events: { type: "string" },
      profile: { type: "string" },
    },
    // `npm run bench` hands the same options to every file.
    strict: false,
    allowPositionals: true,
  });
  const short = values.short === true;
  return {
    short,
    rounds: numberOf("rounds", values.rounds) ?? (short ? 1 : usual.rounds),
    roundMs: (numberOf("seconds", values.seconds) ?? (short ? 0.15 : usual.seconds)) * 1_000,
    profileFolder: typeof values.profile === "string" ? values.profile : undefined,
    events: numberOf("events", values.events) ?? numberOf("BENCH_EVENTS", process.env.BENCH_EVENTS),
  };
}

function numberOf(name: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0, got ${JSON.stringify(text)}`);
  return value;
}
