// How fast is the log read back into the router's state, beside a bare consumer that only parses each message?
//
// One million events by default (`--events`, or BENCH_EVENTS): requests of 615 bytes and their results of 1,250, in the
// order in which they would have happened. Each side in a process of its own, in turn.

import { startUp } from "./dspex/up.ts";
import { startChild } from "./kit/child-process.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";
import type { Replayed, ReplaySettings } from "./replay/process.ts";

const settings = benchSettings({ rounds: 3, seconds: 0 });
const events = settings.events ?? (settings.short ? 20_000 : 1_000_000);
const report = new Report(import.meta.filename, settings);

await using server = await startBenchServer("1s");
const { url, home, router, local } = server;
await using _up = await startUp({ home, url, parts: ["keeper"] });
const reader = (instance: number) =>
  startChild(new URL("replay/process.ts", import.meta.url), {
    url,
    router,
    local,
    instance,
  } satisfies ReplaySettings);
await using fold = await reader(1);
await using bare = await reader(2);

const filledAt = performance.now();
await fold.ask("fill", Math.ceil(events / 2));
console.log(`${events} events written in ${shown((performance.now() - filledAt) / 1_000)} s`);

const sides = [
  { name: "bare consumer, JSON.parse", read: () => bare.ask<Replayed>("bare"), replays: [] as Replayed[] },
  { name: "the router's fold", read: () => fold.ask<Replayed>("fold"), replays: [] as Replayed[] },
];
for (let round = 0; round <= settings.rounds; round++) {
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
    const replayed = await side.read();
    if (replayed.events < events) throw new Error(`${side.name}: ${replayed.events} events of ${events}`);
    // The first one of each warms up.
    if (round > 0) side.replays.push(replayed);
  }
}

const rate = ({ replays }: (typeof sides)[number]) => spread(replays.map((r) => r.events / r.seconds));
const cpu = ({ replays }: (typeof sides)[number]) => spread(replays.map((r) => r.cpuMicros));
const [base] = sides;
report.put("events", events);
report.put(
  "sides",
  sides.map((side) => ({ name: side.name, perSecond: rate(side), cpuMicros: cpu(side) })),
);
report.table({
  title: `reading ${shown(events)} events`,
  columns: ["", "events/s", "of bare", "CPU µs/event", "a million takes"],
  rows: sides.map((side) => [
    side.name,
    shownSpread(rate(side)),
    base === undefined ? "–" : `${((rate(side).median / rate(base).median) * 100).toFixed(0)} %`,
    shownSpread(cpu(side)),
    `${shown(1_000_000 / rate(side).median)} s`,
  ]),
});
report.finish();
