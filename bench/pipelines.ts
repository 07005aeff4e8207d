// What does a pipeline cost beside its requests, and how much of its graph's parallelism is left?
//
// overhead: a chain of native stages against as many bare requests, one after the other, from the same client.
// map: 1,000 items. many: 1,000 runs at once, with the memory of the services. speed-up: four equal stages that wait on
// a model behind HTTP whose answer takes a fixed time.

import { setTimeout as pause } from "node:timers/promises";
import type { PipelineDeclaration } from "../schemas/messages/pipeline-definition.ts";
import type { PipelineResult } from "../schemas/messages/pipeline-event.ts";
import { connect, type Dspex } from "../services/client/mod.ts";
import { says, startFakeModelServer } from "../tests/kit/fake-model-server.ts";
import { startUp } from "./dspex/up.ts";
import { rssBytes } from "./kit/memory.ts";
import { PAYLOAD_TEXT } from "./kit/payload.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { spread } from "./kit/statistics.ts";

const settings = benchSettings({ rounds: 7, seconds: 0 });
const { short } = settings;
const stages = short ? 10 : 100;
const items = short ? 20 : 1_000;
const runs = short ? 20 : 1_000;
const latencyMs = short ? 50 : 1_000;
const report = new Report(import.meta.filename, settings);

const from = (reference: string) => ({ $from: reference });
const SIGNATURE = "text: str -> out: Any";
const echo = (name: string, text: unknown) => ({ name, kind: "call", program: "echo", inputs: { text } });

/** Each stage takes what the one before gave. */
function chain(name: string, length: number): PipelineDeclaration {
  const all = Array.from({ length }, (_, n) =>
    echo(`s${n}`, from(n === 0 ? "inputs.text" : `s${n - 1}.echo`)),
  );
  return {
    name,
    signature: SIGNATURE,
    stages: all,
    outputs: { out: from(`s${length - 1}.echo`) },
  } as PipelineDeclaration;
}
const body = { stages: [echo("one", from("item"))], outputs: { text: from("one.echo") } };
const mapped = {
  name: "mapped",
  signature: "texts: list[str] -> out: Any",
  stages: [{ name: "each", kind: "map", over: from("inputs.texts"), body }],
  outputs: { out: { $expr: "len(each.text)" } },
  concurrency: 32,
} as PipelineDeclaration;
const four = {
  name: "four",
  signature: SIGNATURE,
  stages: ["a", "b", "c", "d"].map((name) => ({
    name,
    kind: "call",
    program: "ask",
    inputs: { question: { $expr: `inputs.text + '${name}'` } },
  })),
  outputs: { out: ["a", "b", "c", "d"].map((name) => from(`${name}.answer`)) },
} as PipelineDeclaration;

const say = says("four");
await using model = await startFakeModelServer(async (request, response) => {
  await pause(latencyMs);
  await say(request, response);
});
process.env.BENCH_MODEL_URL = model.baseUrl;
await using server = await startBenchServer("1s");
const parts = ["keeper", "programs", "router", "native", "gateway", "pipelines"];
await using services = await startUp({
  home: server.home,
  url: server.url,
  parts,
  config: new URL("pipelines/model.config.ts", import.meta.url),
});
await using client = await connect({ url: server.url, ...server.local });
for (const one of [chain("chain", stages), chain("short", 3), mapped, four])
  await client.pipelines.register(one);

await overhead();
await map();
await many();
await speedUp();
report.finish();

async function overhead(): Promise<void> {
  const program = client.program("echo");
  const bare = async (): Promise<number> => {
    const begun = performance.now();
    for (let n = 0; n < stages; n++) await program({ text: PAYLOAD_TEXT });
    return (performance.now() - begun) / stages;
  };
  const staged = async (): Promise<number> => {
    const begun = performance.now();
    await result(client, "chain", { text: PAYLOAD_TEXT });
    return (performance.now() - begun) / stages;
  };
  const bares: number[] = [];
  const chained: number[] = [];
  // The first round warms up.
  for (let round = -1; round < settings.rounds; round++) {
    const [first, second] = round % 2 === 0 ? [bare, staged] : [staged, bare];
    const one = await first();
    const two = await second();
    if (round < 0) continue;
    bares.push(first === bare ? one : two);
    chained.push(first === bare ? two : one);
  }
  const ratios = chained.map((ms, n) => ms / (bares[n] as number));
  report.put("overhead", { bareMs: spread(bares), stageMs: spread(chained), ratio: spread(ratios) });
  report.table({
    title: `a chain of ${stages} native stages against ${stages} bare requests, ms each`,
    columns: ["", "ms"],
    rows: [
      ["bare request", shownSpread(spread(bares))],
      ["stage", shownSpread(spread(chained))],
      ["stage ÷ bare", shownSpread(spread(ratios))],
    ],
  });
}

async function map(): Promise<void> {
  const texts = Array.from({ length: items }, (_, n) => `item ${n}`);
  const times: number[] = [];
  for (let round = 0; round < Math.min(settings.rounds, 3); round++) {
    const begun = performance.now();
    await result(client, "mapped", { texts });
    times.push(performance.now() - begun);
  }
  const program = client.program("echo");
  const begun = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items) await program({ text: `item ${next++}` });
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  const bareMs = performance.now() - begun;
  const ms = spread(times);
  report.put("map", { items, ms, bareMs });
  report.table({
    title: `a map of ${items} native items, 32 at a time`,
    columns: ["", "ms", "items a second"],
    rows: [
      ["map", shownSpread(ms), shown((items / ms.median) * 1_000)],
      ["bare requests", shown(bareMs), shown((items / bareMs) * 1_000)],
    ],
  });
}

async function many(): Promise<void> {
  const rss = () => (rssBytes(services.pid) ?? Number.NaN) / 1_048_576;
  const before = rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, rss());
  }, 50);
  const begun = performance.now();
  const started = await Promise.all(
    Array.from({ length: runs }, () => client.pipelines.runnable("short").run({ text: PAYLOAD_TEXT })),
  );
  const startedMs = performance.now() - begun;
  await Promise.all(started.map((run) => run.result()));
  const allMs = performance.now() - begun;
  clearInterval(watch);
  const after = rss();
  report.put("many", { runs, startedMs, allMs, rssMiB: { before, peak, after } });
  report.table({
    title: `${runs} runs of three stages at once`,
    columns: ["", "value"],
    rows: [
      ["all begun after, ms", shown(startedMs)],
      ["all finished after, ms", shown(allMs)],
      ["runs a second", shown((runs / allMs) * 1_000)],
      ["services before, MiB", shown(before)],
      ["services at most, MiB", shown(peak)],
      ["services after, MiB", shown(after)],
    ],
  });
}

async function speedUp(): Promise<void> {
  const speedUps: number[] = [];
  const walls: number[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    const { parallelSpeedup, timings } = await result(client, "four", { text: `round ${round} ` });
    speedUps.push(parallelSpeedup);
    walls.push(timings.totalMs);
  }
  report.put("speedUp", { latencyMs, parallelSpeedup: spread(speedUps), wallMs: spread(walls) });
  report.table({
    title: `four equal stages on a model that takes ${latencyMs} ms`,
    columns: ["", "value"],
    rows: [
      ["parallelSpeedup", shownSpread(spread(speedUps))],
      ["run, ms", shownSpread(spread(walls))],
    ],
  });
}

async function result(
  dspex: Dspex,
  pipeline: string,
  inputs: Record<string, unknown>,
): Promise<PipelineResult> {
  const run = await dspex.pipelines.runnable(pipeline).run(inputs);
  const told = (await run.result()) as PipelineResult;
  if (told.status !== "succeeded") throw new Error(`${pipeline}: ${JSON.stringify(told.error)}`);
  return told;
}
