// What do 100,000 open sessions cost: memory, a turn, a snapshot, a start, beside 1,000?
//
// In memory first: the service's fold and a router's view, each with four turns a session. Then the whole service on a
// real server, where every session is opened by its first request.

import { startChild } from "./kit/child-process.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";
import { onServer } from "./sessions/on-server.ts";
import type { Filling, SessionsSettings, Snapshot } from "./sessions/process.ts";

const settings = benchSettings({ rounds: 7, seconds: 0 });
const most = settings.events ?? (settings.short ? 2_000 : 100_000);
const turns = settings.short ? 200 : 5_000;
const report = new Report(import.meta.filename, settings);

const sides = await Promise.all(
  [Math.max(1, most / 100), most].map(async (sessions) => {
    const given: SessionsSettings = { sessions };
    const child = await startChild(new URL("sessions/process.ts", import.meta.url), given, ["--expose-gc"]);
    const filling = await child.ask<Filling>("fill");
    return { sessions, child, filling, service: [] as number[], view: [] as number[] };
  }),
);
for (let round = 0; round <= settings.rounds; round++) {
  for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
    const { service, view } = await side.child.ask<{ service: number; view: number }>("turn", turns);
    if (round === 0) continue; // warms up
    side.service.push(service);
    side.view.push(view);
  }
}
const measured = [];
for (const { sessions, child, filling, service, view } of sides) {
  const snapshot = await child.ask<Snapshot>("snapshot");
  const listMs = await child.ask<number>("list");
  measured.push({ sessions, filling, snapshot, listMs, service: spread(service), view: spread(view) });
  await child[Symbol.asyncDispose]();
}
report.put("memory", measured);
report.table({
  title: "the fold, in memory",
  columns: [
    "open sessions",
    "kB a session",
    "µs a turn",
    "µs a turn, a router's view",
    "one page of `list`, ms",
  ],
  rows: measured.map(({ sessions, filling, service, view, listMs }) => [
    shown(sessions),
    shown(filling.bytesEach / 1_024),
    shownSpread(service),
    shownSpread(view),
    shown(listMs),
  ]),
});
report.table({
  title: "its snapshot",
  columns: [
    "open sessions",
    "MB",
    "holds others up at most, ms",
    "all, ms",
    "in one go, ms",
    "read back, ms",
  ],
  rows: measured.map(({ sessions, snapshot: { bytes, longestMs, totalMs, wholeMs, loadMs } }) => [
    shown(sessions),
    shown(bytes / 1e6),
    shown(longestMs),
    shown(totalMs),
    shown(wholeMs),
    shown(loadMs),
  ]),
});

const whole = await onServer(settings.short ? 200 : most);
report.put("onServer", whole);
report.table({
  title: "the service on a server, which opens each session and adds its turn",
  columns: ["sessions", "turns/s", "RSS, MB", "`get`, ms", "start from its snapshot, ms"],
  rows: [
    [
      shown(settings.short ? 200 : most),
      shown(whole.turnsPerSecond),
      shown(whole.rssBytes / 1e6),
      shown(whole.getMs),
      shown(whole.startMs),
    ],
  ],
});
report.finish();
