// The table of request benchmarks: rate, share of the floor, latency, and CPU by process.

import type { Measured } from "./interleaved.ts";
import { shown, shownSpread, type Table } from "./report.ts";

export function requestTable(title: string, measured: readonly Measured[]): Table {
  return {
    title,
    columns: [
      "",
      "in flight",
      "requests/s",
      "of floor",
      "p50 ms",
      "p99 ms",
      "CPU of floor",
      "CPU µs/request",
    ],
    rows: measured.map((row) => {
      const floor = measured.find(({ side, inFlight }) => side === "floor" && inFlight === row.inFlight);
      return [
        row.side,
        String(row.inFlight),
        shownSpread(row.perSecond),
        share(row.perSecond.median, floor?.perSecond.median),
        shownSpread(row.p50Ms),
        shownSpread(row.p99Ms),
        // The share that would be left of the floor's rate if CPU alone decided.
        share(floor === undefined ? undefined : allCpu(floor), allCpu(row)),
        Object.entries(row.cpuMicros)
          .map(([name, micros]) => `${name} ${shown(micros.median)}`)
          .join(" · "),
      ];
    }),
  };
}

export function allCpu({ cpuMicros }: Measured): number | undefined {
  const each = Object.values(cpuMicros).map(({ median }) => median);
  return each.length === 0 ? undefined : each.reduce((sum, micros) => sum + micros, 0);
}

function share(part: number | undefined, whole: number | undefined): string {
  if (part === undefined || whole === undefined || whole === 0) return "–";
  return `${((part / whole) * 100).toFixed(0)} %`;
}
