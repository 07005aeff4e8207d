// Streams whose worker, gateway or server is killed, whose chunks are gone, and whose readers are slow: nothing is lost
// unsaid, nothing comes twice, and the outputs are right in the end.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chunkSubject } from "../../schemas/subjects.ts";
import { connect, type StreamChunk } from "../../services/client/mod.ts";
import { type FakeAnswer, says } from "../kit/fake-model-server.ts";
import { NatsProxy } from "../kit/nats-proxy.ts";
import { Steps } from "../kit/steps.ts";
import {
  collect,
  STORY,
  type StageOptions,
  type StreamingStage,
  startStreamingStage,
  textOf,
  WORDS,
  wordsOf,
} from "../kit/streaming-stage.ts";
import { until } from "../kit/until.ts";

/** Indices count up by one, but where a chunk says that it starts over or that some are gone. */
function checkOrder(chunks: readonly StreamChunk[]): void {
  for (const [n, chunk] of chunks.entries()) {
    const before = chunks[n - 1];
    if (chunk.restarted === true || chunk.gap === true) continue;
    assert.equal(chunk.index, before === undefined ? 0 : before.index + 1, `chunk ${n}`);
  }
}

/** A stage that the tests of a group share, one after the other. */
function shared(options: StageOptions): () => StreamingStage {
  let stage: StreamingStage | undefined;
  before(async () => {
    stage = await startStreamingStage(options);
  });
  after(() => stage?.[Symbol.asyncDispose]());
  return () => stage as StreamingStage;
}

// They mostly wait.
describe("streams under faults", { concurrency: 5 }, () => {
  describe("a worker that is killed", { concurrency: 1 }, () => {
    const stage = shared({ worker: false });

    test("kill -9 of the worker in the middle - another delivery starts over and says so", async () => {
      const worker = await stage().startProcess("native");
      const steps = new Steps();
      const run = await stage().tell(WORDS, steps);
      stage().model.next(says(WORDS, { gapMs: 2 }));
      const chunks: StreamChunk[] = [];
      for await (const chunk of run.stream()) {
        chunks.push(chunk);
        if (chunks.length < 5) steps.next();
        if (chunks.length !== 5) continue;
        await worker.kill9();
        await stage().startProcess("native");
      }
      checkOrder(chunks);
      const again = chunks.findIndex(({ restarted }) => restarted === true);
      assert.ok(again >= 5);
      assert.deepEqual([chunks[again]?.attempt, chunks[again]?.delivery, chunks[again]?.index], [1, 2, 0]);
      assert.equal(textOf(chunks, "story"), STORY);
      assert.deepEqual(await run.outputs(), { story: STORY });
    });
  });

  describe("gateways that are killed", { concurrency: 1 }, () => {
    const stage = shared({ gateway: false });

    test("kill -9 of the gateway in the middle - another goes on, none missing, none twice", async () => {
      await stage().startProcess("gateway", 1);
      const steps = new Steps();
      const run = await stage().tell(WORDS, steps);
      const chunks: StreamChunk[] = [];
      for await (const chunk of run.stream()) {
        chunks.push(chunk);
        steps.next();
        if (chunks.length !== 5) continue;
        await stage().startProcess("gateway", 2);
        await stage().process("gateway", 1).kill9();
      }
      checkOrder(chunks);
      assert.ok(chunks.every(({ restarted, gap }) => restarted === undefined && gap === undefined));
      assert.equal(textOf(chunks, "story"), STORY);
    });

    test("kill -9 of the last gateway - the result comes without it, and ends the stream", async () => {
      const steps = new Steps();
      const run = await stage().tell(WORDS, steps);
      const chunks: StreamChunk[] = [];
      for await (const chunk of run.stream()) {
        chunks.push(chunk);
        if (chunks.length < 5) steps.next();
        if (chunks.length !== 5) continue;
        await stage().process("gateway", 2).kill9();
        steps.end();
      }
      assert.equal(textOf(chunks, "story"), STORY);
      assert.deepEqual([chunks.at(-1)?.restarted, chunks.at(-1)?.position], [true, "result.0"]);
    });
  });

  describe("chunks that are gone", { concurrency: 1 }, () => {
    const stage = shared({ keeper: { chunkMaxAgeMs: 1_000 } });

    test("too old - they are said to be gone, and the result's outputs follow", async () => {
      const { client } = stage();
      const run = await stage().tell(WORDS, 40);
      const stream = run.stream();
      const { value: first } = await stream.next();
      await stream.return(undefined);
      await run.outputs();
      const rest = await collect(client.run(run.id).stream({ after: first.position }));
      assert.ok((rest[0]?.index ?? 0) !== 1, "the first half is gone");
      assert.equal(rest[0]?.gap, true);
      assert.ok(rest.slice(0, -1).every(({ position }) => position.endsWith(".gap")));
      const { restarted, gap, text } = rest.at(-1) as StreamChunk;
      assert.deepEqual([restarted, gap, text], [true, true, STORY]);
      await until(async () => (await collect(run.stream({ after: first.position }))).length === 1);
      const gone = await collect(run.stream({ after: first.position }));
      assert.deepEqual(
        gone.map(({ text, gap, restarted, position }) => [text, gap, restarted, position]),
        [[STORY, true, true, "result.0"]],
      );
      const whole = await collect(run.stream());
      assert.deepEqual(
        whole.map(({ text, gap, restarted }) => [text, gap, restarted]),
        [[STORY, undefined, undefined]],
      );
    });

    test("kill -9 of nats-server in the middle - the reader is told and gets the result", async () => {
      const { client, system } = stage();
      const steps = new Steps();
      const run = await stage().tell(WORDS, steps);
      const chunks: StreamChunk[] = [];
      for await (const chunk of run.stream()) {
        chunks.push(chunk);
        if (chunks.length < 5) steps.next();
        if (chunks.length !== 5) continue;
        await system.nats.kill9();
        await system.nats.restart();
        steps.end();
      }
      checkOrder(chunks);
      assert.equal(textOf(chunks, "story"), STORY);
      assert.deepEqual(await run.outputs(), { story: STORY });
      // Who comes later finds nothing of what was streamed before.
      const late = await collect(client.run(run.id).stream());
      assert.equal(textOf(late, "story"), STORY);
      assert.ok(late[0]?.gap === true || late[0]?.position === "result.0");
    });
  });

  describe("readers that are gone", { concurrency: 1 }, () => {
    const stage = shared({});

    test("one that asked to be waited for and is gone - is waited for only so long", async () => {
      const { client, model, system } = stage();
      const steps = new Steps();
      // Far enough from each other that they are many chunks, however long it takes to store one.
      model.next(says(wordsOf(100), { before: steps.pass, gapMs: 20 }));
      const run = await client.program("tell").submit({ topic: "rain" }, { stream: true });
      // Its process is gone: nobody tells of it any more.
      const gone = await system.client();
      const stream = gone.run(run.id).stream({ backpressure: true, room: 4 });
      await stream.next();
      const start = performance.now();
      await gone.close();
      steps.end();
      await run.outputs();
      const waitedMs = performance.now() - start;
      // Half a minute longer, and the request's deadline would have ended it.
      assert.ok(waitedMs > 5_000 && waitedMs < 45_000, `${waitedMs} ms`);
    });
  });

  describe("readers of every kind", { concurrency: 1 }, () => {
    const stage = shared({});

    test("back-pressure - the model waits for its slowest reader", async (t) => {
      const { client, model } = stage();
      // A model that writes 2.5 MiB as fast as it is read: more than ten times as fast as the reader.
      const words = Array.from({ length: 600 }, (_, n) => `${n}:${"x".repeat(4_096)} `);
      model.next(saysWhenRead(words));
      const run = await client.program("tell").submit({ topic: "rain" }, { stream: true });
      let newest = 0;
      client.connection.subscribe(chunkSubject(run.id), {
        callback: (_error, message) => {
          newest = (message.json() as StreamChunk).index;
        },
      });
      let mostAhead = 0;
      let length = 0;
      let last = -1;
      for await (const { index, text, restarted, gap } of run.stream({ backpressure: true, room: 16 })) {
        assert.ok(index === last + 1 && restarted === undefined && gap === undefined);
        last = index;
        length += text.length;
        // The last chunks wait for nobody: the result follows.
        if (length < 2_000_000) mostAhead = Math.max(mostAhead, newest - index);
        await pause(60);
      }
      assert.equal(length, words.join("").trim().length);
      assert.ok(mostAhead <= 16, `${mostAhead} chunks ahead`);
      t.diagnostic(`${last + 1} chunks, at most ${mostAhead} ahead`);
    });

    test("a slow one that did not ask to be waited for - slows nobody, and gets everything", async () => {
      const { client } = stage();
      const run = await stage().tell(wordsOf(300), 1);
      const fast = collect(run.stream());
      const read: StreamChunk[] = [];
      for await (const chunk of client.run(run.id).stream()) {
        read.push(chunk);
        // It reads nothing until the other one is done.
        if (read.length === 3) await fast;
      }
      checkOrder(await fast);
      checkOrder(read);
      assert.equal(textOf(read, "story"), textOf(await fast, "story"));
    });

    test("one whose connection is lost again and again, and pieces on their way - misses nothing", async () => {
      const { system } = stage();
      await using proxy = await NatsProxy.start(system.nats.url);
      const { password } = system.nats.login("local");
      await using client = await connect({ url: proxy.url, user: "local", password });
      const run = await stage().tell(wordsOf(120), 30);
      let pieces = 0;
      proxy.loseReceived = (subject) => subject.startsWith("_INBOX.") && ++pieces % 7 === 0;
      const chunks: StreamChunk[] = [];
      for await (const chunk of client.run(run.id).stream()) {
        chunks.push(chunk);
        if (chunks.length % 15 === 0 && chunks.length < 80) proxy.cut();
      }
      checkOrder(chunks);
      assert.ok(chunks.every(({ restarted, gap }) => restarted === undefined && gap === undefined));
      assert.deepEqual(await run.outputs(), { story: textOf(chunks, "story") });
      assert.ok(proxy.lost > 0);
    });

    test("40 that stop reading - hold nothing up, and go on where they were", async () => {
      const { client } = stage();
      const run = await stage().tell(wordsOf(300), 2);
      const readers = await Promise.all(
        Array.from({ length: 40 }, async () => {
          const stream = client.run(run.id).stream();
          const next = await stream.next();
          return { stream, first: next.value as StreamChunk };
        }),
      );
      const chunks = await collect(run.stream());
      checkOrder(chunks);
      const rest = await Promise.all(readers.slice(0, 10).map(({ stream }) => collect(stream)));
      for (const [n, read] of rest.entries())
        assert.equal(textOf([readers[n]?.first as StreamChunk, ...read], "story"), textOf(chunks, "story"));
      await Promise.all(readers.map(({ stream }) => stream.return(undefined)));
    });
  });
});

/** A stream that goes as fast as its reader takes it. */
function saysWhenRead(words: readonly string[]): FakeAnswer {
  return async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = async (choice: object) => {
      const choices = [{ index: 0, finish_reason: null, delta: {}, ...choice }];
      if (!response.write(`data: ${JSON.stringify({ choices })}\n\n`)) await once(response, "drain");
    };
    for (const content of words) await event({ delta: { content } });
    await event({ finish_reason: "stop" });
    response.end("data: [DONE]\n\n");
  };
}
