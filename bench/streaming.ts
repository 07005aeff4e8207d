// How soon does the first piece of a streamed output come, how many pieces a second, and what does a slow reader cost?
//
// Beside it the floor: a memory stream, one publish acknowledged after the other, an ordered consumer. DSPex's pieces come
// from a model behind HTTP that writes as fast as it is read, through a worker and a gateway in processes of their own.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { chunkSubject } from "../schemas/subjects.ts";
import type { FakeAnswer } from "../tests/kit/fake-model-server.ts";
import { startStreamingStage } from "../tests/kit/streaming-stage.ts";
import { startChunkFloor } from "./floor/chunks.ts";
import { Report, shown, shownSpread } from "./kit/report.ts";
import { startBenchServer } from "./kit/server.ts";
import { benchSettings } from "./kit/settings.ts";
import { percentile, sorted, spread } from "./kit/statistics.ts";

const settings = benchSettings({ rounds: 7, seconds: 0 });
const firsts = settings.short ? 5 : 100;
const pieces = settings.short ? 200 : 4_000;
const streams = 16;
const slowMiB = settings.short ? 1 : 2;
const slowMs = settings.short ? 20 : 250;
const report = new Report(import.meta.filename, settings);

await using server = await startBenchServer("1s");
await using floor = await startChunkFloor({ url: server.url, ...server.floor });
await using stage = await startStreamingStage({ worker: false, gateway: false });
const worker = await stage.startProcess("native");
const gateway = await stage.startProcess("gateway");
const tell = stage.client.program("tell");

/** Long enough for the reader to be there before the first word, as with any real model. */
const THINK_MS = 30;

/** Thinks, then says the texts as fast as they are read; tells when it begins. */
function saysWhenRead(texts: readonly string[], onFirst = () => {}, gapMs = 0): FakeAnswer {
  return async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    await pause(THINK_MS);
    const event = async (choice: object) => {
      const choices = [{ index: 0, finish_reason: null, delta: {}, ...choice }];
      if (!response.write(`data: ${JSON.stringify({ choices })}\n\n`)) await once(response, "drain");
    };
    onFirst();
    for (const content of texts) {
      await event({ delta: { content } });
      if (gapMs > 0) await pause(gapMs);
    }
    await event({ finish_reason: "stop" });
    response.end("data: [DONE]\n\n");
  };
}

interface Streamed {
  /** From the request, and from the model's first word. */
  firstMs: number;
  sinceModelMs: number;
  allMs: number;
  chunks: number;
}

async function stream(texts: readonly string[], gapMs = 0): Promise<Streamed> {
  let saidAt = 0;
  stage.model.next(
    saysWhenRead(
      texts,
      () => {
        saidAt = performance.now();
      },
      gapMs,
    ),
  );
  const start = performance.now();
  const run = await tell.submit({ topic: "rain" }, { stream: true });
  let chunks = 0;
  let firstMs = 0;
  let sinceModelMs = 0;
  let length = 0;
  for await (const { text, restarted } of run.stream()) {
    // On a machine that is too busy, another delivery may have begun.
    if (restarted === true) length = 0;
    if (++chunks === 1) {
      firstMs = performance.now() - start;
      sinceModelMs = performance.now() - saidAt;
    }
    length += text.length;
  }
  if (length !== texts.join("").trim().length) throw new Error(`${length} characters came`);
  return { firstMs, sinceModelMs, allMs: performance.now() - start, chunks };
}

const SHORT = ["It ", "rains."];
const MANY = Array.from({ length: pieces }, (_, n) => `w${n} `);
await stream(MANY); // warms up
await floor.stream(MANY);

const first: Streamed[] = [];
const floorFirst: number[] = [];
for (let n = 0; n < firsts; n++) {
  first.push(await stream(SHORT));
  floorFirst.push((await floor.stream(SHORT)).firstMs);
}
const shownTimes = (times: readonly number[]): string => {
  const ascending = sorted(times);
  return `${shown(percentile(ascending, 0.5))} / ${shown(percentile(ascending, 0.99))}`;
};
report.table({
  title: "the first piece, ms: p50 / p99",
  columns: ["", `from the request, without the model's ${THINK_MS} ms`, "from the writer's first word"],
  rows: [
    ["floor", "", shownTimes(floorFirst)],
    [
      "dspex",
      shownTimes(first.map(({ firstMs }) => firstMs - THINK_MS)),
      shownTimes(first.map((one) => one.sinceModelMs)),
    ],
  ],
});

const rates = {
  floor: [] as number[],
  one: [] as number[],
  chunks: [] as number[],
  several: [] as number[],
  paced: [] as number[],
  pacedChunks: [] as number[],
};
for (let round = 0; round < settings.rounds; round++) {
  rates.floor.push((pieces / (await floor.stream(MANY)).allMs) * 1_000);
  const one = await stream(MANY);
  rates.one.push((pieces / one.allMs) * 1_000);
  rates.chunks.push((one.chunks / one.allMs) * 1_000);
  const paced = await stream(MANY.slice(0, pieces / 8), 1);
  rates.paced.push((pieces / 8 / paced.allMs) * 1_000);
  rates.pacedChunks.push((paced.chunks / paced.allMs) * 1_000);
  const start = performance.now();
  // One model's words for all: who gets which answer does not matter.
  await Promise.all(Array.from({ length: streams }, () => stream(MANY.slice(0, pieces / 4))));
  rates.several.push(((streams * pieces) / 4 / (performance.now() - start)) * 1_000);
}
report.put("rates", rates);
report.table({
  title: `a model's words a second; those that come while a chunk is stored share the next one`,
  columns: ["", "words/s", "chunks/s"],
  rows: [
    ["floor, one stream", shownSpread(spread(rates.floor)), shownSpread(spread(rates.floor))],
    ["dspex, a word each ms", shownSpread(spread(rates.paced)), shownSpread(spread(rates.pacedChunks))],
    ["dspex, as fast as it goes", shownSpread(spread(rates.one)), shownSpread(spread(rates.chunks))],
    [`dspex, ${streams} streams`, shownSpread(spread(rates.several)), ""],
  ],
});

// A reader that takes a chunk each 250 ms, of a model that could give ten times as much, after one that is as fast as the
// model and is not waited for: how far ahead the producer gets, and the memory that everybody has at most.
const large = Array.from({ length: (slowMiB * 1_048_576) / 4_096 }, (_, n) => `${n}:${"x".repeat(4_090)} `);
const rows: string[][] = [];
for (const reader of settings.short ? ["fast", "slow"] : ["fast", "fast", "slow", "slow"]) {
  stage.model.next(saysWhenRead(large));
  const run = await tell.submit({ topic: "rain" }, { stream: true });
  let newest = 0;
  const watching = stage.client.connection.subscribe(chunkSubject(run.id), {
    callback: (_error, message) => {
      newest = message.json<{ index: number }>().index;
    },
  });
  const isSlow = reader === "slow";
  let ahead = 0;
  let read = 0;
  const most = [0, 0, 0];
  const start = performance.now();
  for await (const { index, text } of run.stream(isSlow ? { backpressure: true, room: 16 } : {})) {
    read += text.length;
    // The last chunks wait for nobody.
    if (read < slowMiB * 900_000) ahead = Math.max(ahead, newest - index);
    for (const [at, bytes] of [worker.rssBytes, gateway.rssBytes, process.memoryUsage.rss()].entries())
      most[at] = Math.max(most[at] ?? 0, bytes);
    if (isSlow) await pause(slowMs);
  }
  const seconds = (performance.now() - start) / 1_000;
  watching.unsubscribe();
  await run.result();
  rows.push([reader, shown(seconds), shown(ahead), ...most.map((bytes) => shown(bytes / 1_048_576))]);
}
report.table({
  title: `${slowMiB} MiB to a fast reader, and to a slow one with back-pressure, room 16: chunks ahead, memory at most, MiB`,
  columns: ["reader", "s", "ahead", "worker", "gateway", "client and model"],
  rows,
});
report.finish();
