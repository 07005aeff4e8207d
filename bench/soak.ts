// Does memory stay flat over a million requests?
//
// All services in one process, an application in another, one server. After each stretch of requests the resident
// memory of each is read. What is flat has a slope of about 0 over the second half, when caches and bounds are full.

import { startUp } from "./dspex/up.ts";
import { startChild } from "./kit/child-process.ts";
import { rssBytes } from "./kit/memory.ts";
import { Report, shown } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { slope } from "./kit/statistics.ts";

const PARTS = ["keeper", "programs", "router", "gateway", "learning", "variables", "sessions"] as const;
const IN_FLIGHT = 128;
const STRETCHES = 50;
/** Rows of the table; the JSON has every stretch. */
const ROWS = 10;
const MIB = 1_048_576;

const settings = benchSettings({ rounds: 1, seconds: 0 });
const requests = settings.events ?? (settings.short ? 2_000 : 1_000_000);
const report = new Report(import.meta.filename, settings);

await using server = await startBenchServer("1s");
await using services = await startUp({ home: server.home, url: server.url, parts: PARTS });
await using client = await startChild(new URL("soak/client.ts", import.meta.url), {
  url: server.url,
  ...server.local,
});
const processes = { services: services.pid, client: client.pid, server: server.pid } as const;
type Name = keyof typeof processes;
const names = Object.keys(processes) as Name[];

interface Point {
  requests: number;
  perSecond: number;
  mib: Record<Name, number>;
}

const points: Point[] = [{ requests: 0, perSecond: 0, mib: memory() }];
for (let stretch = 1; stretch <= STRETCHES; stretch++) {
  const from = Math.round((requests * (stretch - 1)) / STRETCHES);
  const to = Math.round((requests * stretch) / STRETCHES);
  const seconds = await client.ask<number>("load", { from, to, inFlight: IN_FLIGHT });
  points.push({ requests: to, perSecond: (to - from) / seconds, mib: memory() });
  if (process.stderr.isTTY) process.stderr.write(`\r${shown(to)} of ${shown(requests)} requests `);
}
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");

report.put("points", points);
report.table({
  title: `resident memory, MiB, over ${shown(requests)} requests, ${IN_FLIGHT} in flight`,
  columns: ["requests", "requests/s", ...names],
  rows: points
    .filter((_, at) => at % (STRETCHES / ROWS) === 0)
    .map(({ requests: done, perSecond, mib }) => [
      shown(done),
      done === 0 ? "–" : shown(perSecond),
      ...names.map((name) => shown(mib[name])),
    ]),
});
const secondHalf = points.slice(Math.floor(points.length / 2));
const slopes = Object.fromEntries(
  names.map((name) => [
    name,
    slope(secondHalf.map(({ requests: done, mib }) => [done / 100_000, mib[name]] as const)),
  ]),
);
report.put("mibPer100000InSecondHalf", slopes);
report.table({
  title: "growth in the second half, MiB for each 100,000 requests (least squares)",
  columns: names,
  rows: [names.map((name) => shown(slopes[name] ?? Number.NaN))],
});
report.finish();

function memory(): Record<Name, number> {
  const of = (pid: number): number => (rssBytes(pid) ?? Number.NaN) / MIB;
  return { services: of(processes.services), client: of(processes.client), server: of(processes.server) };
}
