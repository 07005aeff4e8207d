// Which implementation does routing learn to be best on the real model, and what is that worth?
//
// The shipped programs `sentiment` and `topic` on the embedded model, asked by an application: every held-out sentence to
// every implementation alone, then a stream of sentences where the router chooses and each answer is judged. All
// figures are read back from the log; what other policies would have got is known, since every sentence was asked alone.
// Draws docs/pictures/learning-*.svg. `--requests 400` and `--rows 160` for longer or shorter; in its short form a played
// model answers.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PART_NAMES } from "../services/app/parts.ts";
import { connect } from "../services/client/mod.ts";
import { startUp } from "./dspex/up.ts";
import { Report } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { ask, planFor } from "./learning/measure.ts";
import { startPlayedModel } from "./learning/played-model.ts";
import { readWholeLog } from "./learning/read-log.ts";
import { reportLearning } from "./learning/report.ts";

const settings = benchSettings({ rounds: 1, seconds: 0 });
const { values } = parseArgs({
  options: { requests: { type: "string" }, rows: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
const requests = Number(values.requests ?? (settings.short ? 24 : 400));
const rows = Number(values.rows ?? (settings.short ? 3 : Number.POSITIVE_INFINITY));

const report = new Report(import.meta.filename, settings);
await using server = await startBenchServer("1s");
await using _played = settings.short ? await startPlayedModel() : undefined;
await using _up = await startUp({
  home: server.home,
  url: server.url,
  parts: PART_NAMES,
  config: new URL("learning/shipped.config.ts", import.meta.url),
});
await using dspex = await connect({ url: server.url, ...server.local });
const plans = [
  await planFor(dspex, "sentiment", { rows, requests }),
  await planFor(dspex, "topic", { rows, requests }),
];
for (const plan of plans) await ask(dspex, plan);

const log = await readWholeLog(server);
const pictures = join(import.meta.dirname, settings.short ? "results" : "../docs/pictures");
mkdirSync(pictures, { recursive: true });
for (const plan of plans) {
  const picture = reportLearning(report, plan, log);
  const file = join(pictures, `learning-${plan.program}.svg`);
  writeFileSync(file, picture);
  console.log(`→ ${file}`);
}
report.put("events", Object.fromEntries(log.events));
report.finish();
