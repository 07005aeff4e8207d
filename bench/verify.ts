// How long does `dspex replay --verify` take to take every decision of a log again?
//
// One million messages by default (`--events`): requests and results of a running system, so that each decision is one
// that a router took. The command runs as a user would start it, in turn with nothing else on the server.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { startUp } from "./dspex/up.ts";
import { startChild } from "./kit/child-process.ts";
import { cpuMs } from "./kit/cpu-time.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";
import type { Stretch } from "./soak/client.ts";

const PARTS = ["keeper", "programs", "router", "gateway", "learning", "variables", "sessions"] as const;
const COMMAND = fileURLToPath(new URL("../services/app/cli/bin.mjs", import.meta.url));
const IN_FLIGHT = 128;
const CPU_EACH_MS = 50;

interface Verified {
  verified: boolean;
  same: number;
  messages: number;
  tookMs: number;
}

const settings = benchSettings({ rounds: 3, seconds: 0 });
const events = settings.events ?? (settings.short ? 2_000 : 1_000_000);
const report = new Report(import.meta.filename, settings);

await using server = await startBenchServer("1s");
await using _services = await startUp({ home: server.home, url: server.url, parts: PARTS });
await using client = await startChild(new URL("soak/client.ts", import.meta.url), {
  url: server.url,
  ...server.local,
});
const stretch: Stretch = { from: 0, to: Math.ceil(events / 2), inFlight: IN_FLIGHT };
console.log(`log written in ${shown(await client.ask<number>("load", stretch))} s`);

const runs: (Verified & { cpuSeconds: number })[] = [];
for (let round = 0; round < settings.rounds; round++) runs.push(await verify());
const [first] = runs;
if (first === undefined) throw new Error("no round was asked for");
const seconds = spread(runs.map(({ tookMs }) => tookMs / 1_000));
const cpuSeconds = spread(runs.map((run) => run.cpuSeconds));
report.put("runs", runs);
report.table({
  title: `taking ${shown(first.same)} decisions of a log of ${shown(first.messages)} messages again`,
  columns: ["", "s", "CPU s", "CPU µs/decision"],
  rows: [
    [
      "dspex replay --verify",
      shownSpread(seconds),
      shownSpread(cpuSeconds),
      shown((cpuSeconds.median * 1e6) / first.same),
    ],
  ],
});
report.finish();

async function verify(): Promise<Verified & { cpuSeconds: number }> {
  const child = spawn(process.execPath, [COMMAND, "replay", "--verify", "--json"], {
    env: { ...process.env, DSPEX_HOME: server.home, NATS_URL: server.url },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let usedMs = 0;
  const timer = setInterval(() => {
    usedMs = Math.max(usedMs, cpuMs(child.pid ?? 0) ?? 0);
  }, CPU_EACH_MS);
  let output = "";
  child.stdout.on("data", (text: Buffer) => {
    output += text.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(timer);
  const verified = JSON.parse(output) as Verified;
  if (code !== 0 || !verified.verified) throw new Error(`not verified, exit code ${code}: ${output}`);
  return { ...verified, cpuSeconds: usedMs / 1_000 };
}
