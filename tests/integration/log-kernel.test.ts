// The log kernel on the real server: what is appended is followed, delivered, timed and stored, also over a kill.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import {
  ROUTER_REQUESTS_CONSUMER,
  snapshotBucket,
  TIMER_STREAM,
  VALUE_BUCKET,
} from "../../schemas/subjects.ts";
import { Appender } from "../../services/bus/append.ts";
import { isWrongLastSequence } from "../../services/bus/append-errors.ts";
import { ClaimCheck, looksLikeReference } from "../../services/log/claim-check.ts";
import { follow } from "../../services/log/follow.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { LogReader } from "../../services/log/read.ts";
import { loadSnapshot, storeSnapshot } from "../../services/log/snapshot.ts";
import { parseTimerSubject, setTimer } from "../../services/log/timers.ts";
import { type Delivery, WorkConsumer } from "../../services/log/work.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";

let nats: TestNats;
before(async () => {
  nats = await startNats();
});
after(async () => {
  await nats[Symbol.asyncDispose]();
});

async function routerKit() {
  const connection = await nats.connectAs("router");
  return {
    connection,
    appender: new Appender(connection, `_INBOX_router.${randomBytes(6).toString("hex")}`),
  };
}

test("append - returns the sequence, and a direct get finds it", async () => {
  const { connection, appender } = await routerKit();
  const sequence = await appender.append("dspex.event.request.refused", '{"n":1}');
  const reader = await LogReader.open(connection);
  const stored = await reader.at(sequence);
  assert.equal(stored?.subject, "dspex.event.request.refused");
  assert.deepEqual(stored?.json(), { n: 1 });
  assert.equal((await reader.last("dspex.event.request.refused"))?.sequence, sequence);
  assert.equal(await reader.last("dspex.result.nobody.x.nothing"), null);
});

test("point reads - what was the last at a sequence, and what came from one on", async () => {
  const { connection, appender } = await routerKit();
  const reader = await LogReader.open(connection);
  const at: number[] = [];
  for (let n = 0; n < 6; n++)
    at.push(await appender.append(`dspex.event.breaker.${n % 2 === 0 ? "opened" : "closed"}`, `{"n":${n}}`));
  const sequences = (found: { sequence: number }[]) => found.map(({ sequence }) => sequence);
  const [first = 0, second = 0, third = 0, , fifth = 0] = at;
  assert.equal((await reader.lastUpTo("dspex.event.breaker.opened", third))?.sequence, third);
  assert.equal((await reader.lastUpTo("dspex.event.breaker.opened", third - 1))?.sequence, first);
  assert.equal(await reader.lastUpTo("dspex.event.breaker.closed", first), null);
  assert.deepEqual(sequences(await reader.some("dspex.event.breaker.opened", second, 10)), [third, fifth]);
  assert.deepEqual(sequences(await reader.some("dspex.event.breaker.*", first, 2)), [first, second]);
  assert.deepEqual(await reader.some("dspex.event.breaker.opened", fifth + 1, 10), []);
  assert.deepEqual(await reader.some("dspex.event.breaker.nothing", 1, 10), []);
});

test("append - an expected sequence of 0 lets exactly one in", async () => {
  const { appender } = await routerKit();
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      appender.append("dspex.result.local.x.once", `{"n":${n}}`, { expectedLastSequence: 0 }),
    ),
  );
  assert.equal(tries.filter((t) => t.status === "fulfilled").length, 1);
  assert.ok(tries.every((t) => t.status === "fulfilled" || isWrongLastSequence(t.reason)));
});

test("append - work is refused once its request has a result", async () => {
  const { appender } = await routerKit();
  await appender.append("dspex.result.local.x.done", "{}", { expectedLastSequence: 0 });
  await assert.rejects(
    appender.append("dspex.work.general.any", "{}", {
      expectedLastSequence: 0,
      expectedSubject: "dspex.result.local.x.done",
    }),
    isWrongLastSequence,
  );
});

test("append - the window bounds what is on the way", async () => {
  const connection = await nats.connectAs("router");
  const appender = new Appender(connection, `_INBOX_router.${randomBytes(6).toString("hex")}`, {
    window: 16,
  });
  let most = 0;
  const all = Array.from({ length: 500 }, () => {
    const done = appender.append("dspex.event.request.refused", "{}");
    most = Math.max(most, appender.inFlight);
    return done;
  });
  assert.equal(new Set(await Promise.all(all)).size, 500);
  assert.ok(most <= 16, `${most} in flight`);
});

test("follow - history then live, in order, over a kill of the server", async () => {
  const { connection, appender } = await routerKit();
  const from = await appender.append("dspex.event.request.refused", '{"n":0}');
  for (let n = 1; n < 50; n++) await appender.append("dspex.event.request.refused", `{"n":${n}}`);
  const seen: number[] = [];
  const follower = await follow(connection, {
    role: "router",
    n: 3,
    fromSequence: from,
    filters: ["dspex.event.request.>"],
    onMessage: (message) => seen.push((message.json() as { n: number }).n),
  });
  await follower.caughtUp;
  assert.equal(seen.length, 50);
  await nats.kill9();
  await nats.restart();
  for (let n = 50; n < 100; n++) await appender.append("dspex.event.request.refused", `{"n":${n}}`);
  await until(() => new Set(seen).size === 100);
  assert.deepEqual([...new Set(seen)], [...Array(100).keys()]);
  assert.equal(seen.length, 100, "nothing twice");
  await follower.stop();
});

test("follow - a callback that throws ends the follower with its error", async () => {
  const { connection, appender } = await routerKit();
  const from = await appender.append("dspex.event.request.refused", "{}");
  const follower = await follow(connection, {
    role: "router",
    n: 4,
    fromSequence: from,
    onMessage: () => {
      throw new Error("cannot fold this");
    },
  });
  assert.match(String(await follower.ended), /cannot fold this/);
});

test("work - acknowledged when handled, given again when it threw, dead-lettered when it never works", async () => {
  const { connection } = await routerKit();
  const user = await nats.connectAs("local");
  const handled: string[] = [];
  const tries = new Map<string, number>();
  const dead: Delivery[] = [];
  const consumer = await new WorkConsumer(connection, {
    consumer: ROUTER_REQUESTS_CONSUMER,
    maxHeld: 10,
    ackWaitMs: 30_000,
    maxDeliveries: 3,
    async handle(delivery) {
      const name = delivery.subject;
      tries.set(name, (tries.get(name) ?? 0) + 1);
      if (name.endsWith(".never")) throw new Error("does not work");
      if (name.endsWith(".second") && delivery.deliveries === 1) throw new Error("not yet");
      handled.push(name);
    },
    async onDeadLetter(delivery) {
      dead.push(delivery);
    },
    onError: () => {},
  }).start();
  for (const program of ["first", "second", "never"]) user.publish(`dspex.request.local.${program}`, "{}");
  await until(() => handled.length === 2 && dead.length === 1);
  assert.equal(tries.get("dspex.request.local.first"), 1);
  assert.equal(tries.get("dspex.request.local.second"), 2);
  assert.equal(tries.get("dspex.request.local.never"), 3);
  assert.equal(dead[0]?.subject, "dspex.request.local.never");
  assert.equal(consumer.held, 0);
  await consumer.stop();
});

test("work - what was stored before the consumer came is doubtful: a killed server forgets what it delivered", async () => {
  const { connection } = await routerKit();
  const user = await nats.connectAs("local");
  user.publish("dspex.request.local.before", "{}");
  await user.flush();
  const doubts = new Map<string, boolean>();
  const consumer = await new WorkConsumer(connection, {
    consumer: ROUTER_REQUESTS_CONSUMER,
    maxHeld: 10,
    ackWaitMs: 30_000,
    maxDeliveries: 3,
    async handle(delivery) {
      if (delivery.deliveries === 1) doubts.set(delivery.subject, delivery.isDoubtful);
    },
    onDeadLetter: async () => {},
    onError: () => {},
  }).start();
  await until(() => doubts.has("dspex.request.local.before"));
  assert.equal(doubts.get("dspex.request.local.before"), true);
  await consumer.stop();
});

test("objects - stored and read back whole, also above one piece", async () => {
  const { connection, appender } = await routerKit();
  const bucket = await ObjectBucket.open(connection, appender, VALUE_BUCKET);
  for (const size of [0, 1, 131_072, 700_001]) {
    const data = randomBytes(size);
    await bucket.put(`local/${size}`, data, { note: "x" });
    const stored = await bucket.get(`local/${size}`);
    assert.deepEqual(Buffer.from(stored?.data ?? ""), data);
    assert.deepEqual(stored?.metadata, { note: "x" });
  }
  assert.equal(await bucket.get("local/none"), null);
});

test("claim check - large values leave as references and come back equal; others' and false references are refused", async () => {
  const { connection, appender } = await routerKit();
  const claimCheck = new ClaimCheck(await ObjectBucket.open(connection, appender, VALUE_BUCKET));
  const values = { small: "s", large: "x".repeat(300_000), n: 12345678901234567890n };
  const shrunk = await claimCheck.shrink(values, "local");
  assert.ok(looksLikeReference(shrunk.large));
  assert.equal(shrunk.small, "s");
  assert.deepEqual(await claimCheck.expand(shrunk, "local"), values);
  await assert.rejects(claimCheck.expand(shrunk, "other"), { code: "invalid_inputs", path: "inputs.large" });
  await assert.rejects(claimCheck.expand({ a: { $ref: 1 } }, "local"), {
    code: "invalid_inputs",
    path: "inputs.a",
  });
});

test("snapshot - the newest of this version is found, another version's is ignored", async () => {
  const { connection, appender } = await routerKit();
  const bucket = await ObjectBucket.open(connection, appender, snapshotBucket("router"));
  assert.equal(await loadSnapshot(bucket, "1"), undefined);
  await storeSnapshot(bucket, "1", 10, { count: 1 });
  await storeSnapshot(bucket, "1", 20, { count: 2n ** 60n });
  const loaded = await loadSnapshot(bucket, "1");
  assert.equal(loaded?.sequence, 20);
  assert.deepEqual(loaded?.state, { count: 2n ** 60n });
  assert.equal(await loadSnapshot(bucket, "2"), undefined);
});

test("timers - a schedule fires its timer at the next whole second, and only once when moved", async () => {
  const { connection, appender } = await routerKit();
  await setTimer(appender, "retry", "first", Date.now() + 60_000, { n: 1 });
  await setTimer(appender, "retry", "first", Date.now() + 300, { n: 2 });
  const fired: unknown[] = [];
  const consumer = await new WorkConsumer(connection, {
    consumer: "work-router-timers",
    stream: TIMER_STREAM,
    maxHeld: 10,
    ackWaitMs: 30_000,
    maxDeliveries: 3,
    async handle(delivery) {
      fired.push([parseTimerSubject(delivery.subject), delivery.json()]);
    },
    async onDeadLetter() {},
    onError: () => {},
  }).start();
  await until(() => fired.length === 1);
  assert.deepEqual(fired, [[{ kind: "retry", key: "first" }, { n: 2 }]]);
  await consumer.stop();
});
