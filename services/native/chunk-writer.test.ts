// The order of chunks, what gathers, and who is waited for, against an appender that stores when the test says so.

import assert from "node:assert/strict";
import { it } from "node:test";
import { parseJson } from "../../schemas/envelope/json.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Work } from "../../schemas/messages/work.ts";
import type { Appender } from "../bus/append.ts";
import { ChunkWriter } from "./chunk-writer.ts";

const signal = new AbortController().signal;

/** Stores at once, or each chunk when `store` is called. */
function open(mode: "at once" | "when told" | "never" = "at once") {
  const chunks: Chunk[] = [];
  const stored: (() => void)[] = [];
  const appender = {
    append(_subject: string, data: string) {
      chunks.push(parseJson(data) as Chunk);
      if (mode === "at once") return Promise.resolve(1);
      const { promise, resolve } = Promise.withResolvers<number>();
      stored.push(() => resolve(1));
      return promise;
    },
  } as unknown as Appender;
  const work = { id: "u.c.1", attempt: 1 } as Work;
  const writer = new ChunkWriter(appender, work, 2);
  return { chunks, writer, store: () => stored.shift()?.(), texts: () => chunks.map(({ text }) => text) };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

it("chunks - are counted, and the last one says so", async () => {
  const { writer, chunks } = open();
  for (const text of ["Pa", "ris"]) {
    await writer.write({ field: "answer", text }, signal);
    await soon();
  }
  await writer.finish({ answer: "Paris", score: 3 });
  const head = { id: "u.c.1", attempt: 1, delivery: 2 };
  assert.deepEqual(chunks, [
    { ...head, index: 0, field: "answer", text: "Pa" },
    { ...head, index: 1, field: "answer", text: "ris" },
    { ...head, index: 2, field: "score", text: "3", json: true },
    { ...head, index: 3, text: "", final: true },
  ]);
});

it("one on its way - the next ones gather behind it, and the model goes on", async () => {
  const { writer, texts, store } = open("when told");
  for (const text of ["a", "b", "c"]) await writer.write({ field: "x", text }, signal);
  await writer.write({ field: "y", text: "d" }, signal);
  assert.deepEqual(texts(), ["a"]);
  store();
  await soon();
  assert.deepEqual(texts(), ["a", "bc"]);
  store();
  await soon();
  assert.deepEqual(texts(), ["a", "bc", "d"]);
});

it("a stream that takes nothing - the model waits once 64 Ki characters have gathered, the result does not", async () => {
  const { writer, chunks } = open("never");
  let written = 0;
  const writing = (async () => {
    for (let n = 0; n < 100; n++) {
      await writer.write({ field: "x", text: "y".repeat(4_096) }, signal);
      written++;
    }
  })();
  await soon();
  assert.equal(written, 17);
  const start = performance.now();
  await writer.finish({ x: "y".repeat(409_600) });
  assert.ok(performance.now() - start < 20_000);
  assert.equal(chunks.length, 1);
  await writing;
});

it("a text that was wrong - is said anew", async () => {
  const { writer, chunks } = open();
  await writer.write({ field: "answer", text: "Rome" }, signal);
  await writer.finish({ answer: "Paris" });
  assert.deepEqual(
    chunks.map(({ text, restarted, final }) => [text, restarted, final]),
    [
      ["Rome", undefined, undefined],
      ["Paris", true, undefined],
      ["", undefined, true],
    ],
  );
});

it("a reader that wants to be waited for - holds the model up, the result does not wait", async () => {
  const { writer, chunks } = open();
  const credit = { verb: "credit", id: "u.c.1", reader: "r", attempt: 1, delivery: 2 } as const;
  writer.hear({ ...credit, index: -1, room: 2 });
  let written = 0;
  const writing = (async () => {
    for (let n = 0; n < 9; n++) {
      await writer.write({ field: "x", text: String(n) }, signal);
      written++;
      await soon();
    }
  })();
  for (let n = 0; n < 20; n++) await soon();
  assert.deepEqual([chunks.length, written], [2, 2], "one waits in the writer");
  writer.hear({ ...credit, index: 1, room: 2 });
  for (let n = 0; n < 20; n++) await soon();
  assert.deepEqual([chunks.length, written], [4, 4]);
  await writer.finish({ x: "012345678" });
  await writing;
  assert.equal(chunks.map(({ text }) => text).join(""), "012345678");
  assert.equal(chunks.at(-1)?.final, true);
});

it("a reader that has left, and an aborted call - let go", async () => {
  const { writer } = open();
  const credit = { verb: "credit", id: "u.c.1", reader: "r", attempt: 1, delivery: 2, index: -1 } as const;
  writer.hear({ ...credit, room: 1 });
  await writer.write({ field: "x", text: "a" }, signal);
  await soon();
  const held = writer.write({ field: "x", text: "b" }, signal);
  writer.hear(credit);
  await held;
  writer.hear({ ...credit, room: 1 });
  const abort = new AbortController();
  await soon();
  const again = writer.write({ field: "x", text: "c" }, abort.signal);
  abort.abort();
  await again;
  writer.abandon();
});
