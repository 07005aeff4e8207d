import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveListener } from "./live-listener.ts";

const message = (sequence: number) => ({
  subject: "s",
  sequence,
  timeMs: 0,
  data: Buffer.from(""),
  json: () => ({}),
  header: () => undefined,
});

test("one that was too slow - gets what comes only after what it has missed was read in the log", async () => {
  const listener = new LiveListener(["s"]);
  listener.begin(0, []);
  for (let sequence = 1; sequence <= 258; sequence++) listener.hear(message(sequence));
  assert.equal(listener.historyTo, 257);
  assert.equal(listener.next(100), undefined);
  assert.equal(listener.next(257)?.sequence, 258);
});

test("news - of what came before anybody waited, once", async () => {
  const listener = new LiveListener(["s"]);
  listener.begin(0, []);
  await listener.news(60_000);
  const waiting = listener.news(60_000);
  listener.hear(message(1));
  await waiting;
  await listener.news(1);
});

test("suspended - nothing arrives", () => {
  const listener = new LiveListener(["s"]);
  listener.begin(0, []);
  listener.suspend();
  listener.hear(message(1));
  listener.begin(1, [message(1), message(2)]);
  assert.equal(listener.next(1)?.sequence, 2);
});
