// What share of raw JetStream's rate and latency is left when DSPex answers a durable request in the router itself?
//
// floor: a worker and a client written by hand on JetStream, the same two stored messages, nothing else. The floor
// "with a follower" also has what every service with a fold needs, one consumer that sees the whole stream; "same
// bytes" also messages as long as DSPex's: what the design costs, before any of our code.
// dspex: an application's client process, and the services in one process as `dspex up` composes them.
// All on one server, measured in turn; then again with every write synced.
// `--profile <folder>` writes CPU profiles at 256 in flight and says where the time went.

import { join } from "node:path";
import { startSides } from "./dspex/sides.ts";
import { type ProfileSummary, summarizeProfile } from "./kit/cpu-profile.ts";
import { interleaved } from "./kit/interleaved.ts";
import { Report } from "./kit/report.ts";
import { requestTable } from "./kit/request-table.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";

const settings = benchSettings({ rounds: 7, seconds: 1 });
const { profileFolder } = settings;
const report = new Report(import.meta.filename, settings);
const usual = settings.short ? [16] : [1, 64, 256];
const inFlights = profileFolder === undefined ? usual : [256];

for (const sync of profileFolder === undefined ? ["1s", "always"] : ["1s"]) {
  const measured = await measure(sync);
  report.put(`sync ${sync}`, measured);
  report.table(requestTable(`durable request → result, 400-byte payload, sync ${sync}`, measured));
}
if (profileFolder !== undefined) for (const name of ["services", "client"]) showProfile(name, profileFolder);
report.finish();

async function measure(sync: string) {
  await using server = await startBenchServer(sync);
  const parts = ["keeper", "programs", "router", "gateway"] as const;
  await using sides = await startSides({ server, parts, profileFolder });
  const all = [sides.floor, sides.floorWithFollower, sides.floorWithBytes, sides.dspex("dspex", "echo")];
  return await interleaved(all, inFlights, settings);
}

function showProfile(name: string, folder: string): void {
  const seconds = (settings.rounds * 4 * settings.roundMs) / 1_000;
  const summary = summarizeProfile(join(folder, `${name}.cpuprofile`), seconds);
  const parts: [title: string, shares: ProfileSummary["owners"]][] = [
    ["whose code", summary.owners],
    ["function, itself", summary.functions],
    ["function, with what it calls", summary.withCallees],
  ];
  for (const [title, shares] of parts) {
    report.table({
      title: `${name}, ${title}: share of ${summary.busySeconds.toFixed(1)} busy seconds`,
      columns: ["", "%"],
      rows: shares.slice(0, 25).map(({ name: row, share }) => [row, (share * 100).toFixed(1)]),
    });
  }
}
