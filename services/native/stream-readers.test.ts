import assert from "node:assert/strict";
import { it } from "node:test";
import type { Credit } from "../../schemas/messages/control.ts";
import { MAX_WAITED_FOR, READER_SILENCE_MS, StreamReaders } from "./stream-readers.ts";

function credit(reader: string, [attempt, delivery, index]: [number, number, number], room?: number): Credit {
  return {
    verb: "credit",
    id: "u.c.1",
    reader,
    attempt,
    delivery,
    index,
    ...(room !== undefined && { room }),
  };
}

it("nobody asked to be waited for - no limit", () => {
  assert.equal(new StreamReaders(1, 1).limit(0), Number.POSITIVE_INFINITY);
});

it("the slowest - says how far it goes", () => {
  const readers = new StreamReaders(2, 1);
  readers.hear(credit("fast", [2, 1, 90], 10), 0);
  readers.hear(credit("slow", [2, 1, 4], 10), 0);
  assert.equal(readers.limit(1), 14);
  readers.hear(credit("slow", [2, 1, 2], 10), 1);
  assert.equal(readers.limit(1), 14, "an older message came last");
  readers.hear(credit("slow", [2, 1, 4]), 2);
  assert.equal(readers.limit(2), 100, "it has left");
});

it("a reader of another attempt - begins here at the first chunk, or reads nothing of it", () => {
  const readers = new StreamReaders(2, 1);
  readers.hear(credit("new", [0, 0, -1], 8), 0);
  assert.equal(readers.limit(0), 7);
  readers.hear(credit("new", [3, 1, 5], 8), 0);
  assert.equal(readers.limit(0), Number.POSITIVE_INFINITY);
});

it("a silent one - is not waited for after a while", () => {
  const readers = new StreamReaders(1, 1);
  readers.hear(credit("a", [1, 1, 0], 4), 1_000);
  assert.equal(readers.changesAtMs, 1_000 + READER_SILENCE_MS);
  assert.equal(readers.limit(999 + READER_SILENCE_MS), 4);
  assert.equal(readers.limit(1_000 + READER_SILENCE_MS), Number.POSITIVE_INFINITY);
  assert.equal(readers.changesAtMs, undefined);
});

it("many - are bounded", () => {
  const readers = new StreamReaders(1, 1);
  for (let n = 0; n < 1_000; n++) readers.hear(credit(`r${n}`, [1, 1, 5], n === 999 ? 1 : 10), 0);
  assert.equal(readers.limit(0), 15);
  for (let n = 0; n < MAX_WAITED_FOR; n++) readers.hear(credit(`r${n}`, [1, 1, 5]), 0);
  assert.equal(readers.limit(0), Number.POSITIVE_INFINITY);
});
