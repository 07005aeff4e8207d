// Streamed outputs through the whole TypeScript side on a real server: what each kind of implementation streams, partial
// outputs, positions, and readers of every kind.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { type Dspex, type StreamChunk, signature } from "../../services/client/mod.ts";
import { says } from "../kit/fake-model-server.ts";
import { Steps } from "../kit/steps.ts";
import {
  collect,
  STORY,
  type StreamingStage,
  startStreamingStage,
  textOf,
  WORDS,
  wordsOf,
} from "../kit/streaming-stage.ts";

let stage: StreamingStage;
let client: Dspex;

before(async () => {
  stage = await startStreamingStage({ users: [{ name: "other" }] });
  client = stage.client;
});
after(() => stage[Symbol.asyncDispose]());

test("a plain call - its text comes while the model writes it, and adds up to the output", async () => {
  const steps = new Steps();
  const run = await stage.tell(WORDS, steps);
  const chunks: StreamChunk[] = [];
  for await (const chunk of run.stream()) {
    chunks.push(chunk);
    // The model writes no further word before the last one has come.
    steps.next();
  }
  assert.equal(textOf(chunks, "story"), STORY);
  assert.deepEqual(await run.outputs(), { story: STORY });
  assert.ok(chunks.length > WORDS.length, `${chunks.length} chunks`);
  assert.deepEqual(
    chunks.map(({ index }) => index),
    chunks.map((_, n) => n),
  );
  assert.equal(chunks.at(-1)?.final, true);
  assert.ok(chunks.every(({ restarted, gap }) => restarted === undefined && gap === undefined));
});

test("a structured call - partial objects, each a value of the signature's beginning", async () => {
  const outputs = {
    people: [
      { name: 'Ada "the first"', age: 36 },
      { name: "Alan", age: 41 },
    ],
    summary: "Two people.\nBoth counted.",
    since: "1842-10-01",
  };
  stage.model.next(says(stringifyJson(outputs).match(/.{1,3}/gs) ?? [], { gapMs: 20 }));
  const people = client.program(
    "people",
    signature("text: str -> people: list[{name: str, age: int}], summary: str, since: date | None"),
  );
  const run = await people.submit({ text: "…" }, { stream: true });
  const partials = [];
  for await (const partial of run.partials()) {
    const names: (string | undefined)[] = (partial.people ?? []).map(({ name }) => name);
    for (const [n, name = ""] of names.entries()) assert.ok(outputs.people[n]?.name.startsWith(name));
    for (const [n, { age }] of (partial.people ?? []).entries())
      assert.ok(age === undefined || age === outputs.people[n]?.age, "no half of a number");
    assert.ok(outputs.summary.startsWith(partial.summary ?? ""));
    assert.ok(partial.since === undefined || partial.since === outputs.since);
    partials.push(partial);
  }
  assert.ok(partials.length > 2, `${partials.length} partials`);
  assert.deepEqual(partials.at(-1), await run.outputs());
});

test("a second turn of a model - starts over within its attempt", async () => {
  stage.model.next(
    says(['{"people": [],', ' "summary": 7}']),
    says(['{"people": [], "summary": "s', 'even", "since": null}']),
  );
  const run = await client.program("people").submit({ text: "…" }, { stream: true });
  const chunks = await collect(run.stream());
  assert.ok(chunks.some(({ restarted }) => restarted));
  assert.deepEqual(
    ["people", "summary", "since"].map((field) => textOf(chunks, field)),
    ["[]", "seven", "null"],
  );
  assert.equal((await run.result()).attempts.length, 1);
});

test("a choice - is the final output alone", async () => {
  const run = await client.program("mood").submit({ text: "Nice." }, { stream: true });
  const chunks = await collect(run.stream());
  assert.deepEqual(
    chunks.map(({ field, text, final }) => [field, text, final]),
    [
      ["mood", "good", undefined],
      [undefined, "", true],
    ],
  );
});

test("what no worker runs, and what nobody asked to stream - are the final outputs", async () => {
  for (const stream of [true, false]) {
    const run = await client.program("shout").submit({ text: "hey" }, { stream });
    const chunks = await collect(run.stream());
    assert.deepEqual(
      chunks.map(({ field, text, json, final, position }) => [field, text, json, final, position]),
      [
        ["loud", "HEY", undefined, undefined, "result.0"],
        ["length", "3", true, true, "result.1"],
      ],
    );
    assert.deepEqual((await collect(run.stream({ after: "result.0" }))).length, 1);
    assert.deepEqual((await collect(run.stream({ after: "result.1" }))).length, 0);
  }
  stage.model.next(says(WORDS));
  const run = await client.program("tell").submit({ topic: "x" });
  assert.deepEqual(
    (await collect(run.stream())).map(({ text }) => text),
    [STORY],
  );
});

test("a failed attempt - the next one starts over; when all fail the stream ends with the error", async () => {
  stage.model.next(says(["half a st"], { finish: "content_filter" }));
  const failed = await client.program("tell").submit({ topic: "x" }, { stream: true });
  await assert.rejects(collect(failed.stream()), { code: "lm_rejected" });
  const heard = Promise.withResolvers<void>();
  stage.model.next(async (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const choices = [{ index: 0, delta: { content: "half a story" }, finish_reason: null }];
    response.write(`data: ${JSON.stringify({ choices })}\n\n`);
    await heard.promise;
    response.destroy();
  }, says(WORDS));
  const run = await client.program("tell").submit({ topic: "x" }, { stream: true });
  const chunks: StreamChunk[] = [];
  for await (const chunk of run.stream()) {
    chunks.push(chunk);
    heard.resolve();
  }
  const again = chunks.findIndex(({ restarted }) => restarted === true);
  assert.ok(again > 0, "the first attempt's chunks came, too");
  assert.deepEqual([chunks[again]?.attempt, chunks[again]?.index], [2, 0]);
  assert.equal(textOf(chunks, "story"), STORY);
});

test("a position - goes on in another process, none missing, none twice, from any chunk", async () => {
  const run = await stage.tell(WORDS);
  const all = await collect(run.stream());
  const other = await stage.system.client();
  for (const [n, { position }] of all.entries()) {
    const rest = await collect(other.run(run.id).stream({ after: position }));
    assert.deepEqual(
      rest.map(({ index }) => index),
      all.slice(n + 1).map(({ index }) => index),
      `after ${position}`,
    );
  }
  assert.deepEqual(await other.run(run.id).outputs(), { story: STORY });
  const late = await Array.fromAsync(other.program("tell").run(run.id).partials());
  assert.deepEqual(late.at(-1), { story: STORY });
});

test("a reader that leaves and comes back 100 times - misses nothing", async () => {
  const run = await stage.tell(wordsOf(150), 5);
  const read: StreamChunk[] = [];
  for (let n = 0; n < 100; n++) {
    const last = read.at(-1);
    const reading = client.run(run.id).stream(last === undefined ? {} : { after: last.position });
    const next = await reading.next();
    await reading.return(undefined);
    if (next.done) break;
    read.push(next.value);
  }
  const last = read.at(-1) as StreamChunk;
  read.push(...(await collect(run.stream({ after: last.position }))));
  assert.deepEqual(
    read.map(({ index }) => index),
    read.map((_, n) => n),
  );
  assert.deepEqual(await run.outputs(), { story: textOf(read, "story") });
  // From far behind, too.
  for (const at of [0, 1, 9, 63, 64, 65, 100]) {
    const rest = await collect(client.run(run.id).stream({ after: read[at]?.position }));
    assert.deepEqual(
      rest.map(({ index }) => index),
      read.slice(at + 1).map(({ index }) => index),
    );
  }
});

test("readers of one stream - each gets all of it", async () => {
  const run = await stage.tell(WORDS, 3);
  const others = await Promise.all([stage.system.client(), stage.system.client()]);
  const streams = [run.stream(), ...others.map((other) => other.stream(run.id))];
  const all = await Promise.all(streams.map(collect));
  for (const chunks of all) assert.equal(textOf(chunks, "story"), STORY);
});

test("a position that is none, a room that is none, an unknown request, another user's - are refused", async () => {
  const run = await stage.tell(WORDS);
  await run.outputs();
  await assert.rejects(collect(run.stream({ after: "1.1" })), { code: "invalid_inputs", path: "after" });
  await assert.rejects(collect(run.stream({ backpressure: true, room: 0 })), {
    code: "invalid_inputs",
    path: "room",
  });
  await assert.rejects(collect(client.stream("never-was")), { code: "not_found" });
  const other = await stage.system.client("other");
  assert.throws(() => other.stream(run.id), { code: "invalid_inputs", path: "id" });
});

test("cancelling - ends the stream with the error", async () => {
  const steps = new Steps();
  const run = await stage.tell(WORDS, steps);
  const chunks: StreamChunk[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of run.stream()) {
        chunks.push(chunk);
        if (chunks.length === 2) await run.cancel();
        else steps.next();
      }
    },
    { code: "cancelled" },
  );
  assert.equal(chunks.length, 2);
});
