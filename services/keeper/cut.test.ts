import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConsumerInfo } from "../log/admin.ts";
import { decideCut, type Floors } from "./cut.ts";
import { neededBy, snapshotSequence } from "./floors.ts";

const limits = { above: 0.8, downTo: 0.7 };
const fill = (bytes: number) => ({
  firstSequence: 101,
  lastSequence: 1_100,
  messages: 1_000,
  bytes,
  maxBytes: 1_000,
});
const floors = (covered: Record<string, number>, needed = 1_101, registrations = 1_101): Floors => ({
  covered: new Map(Object.entries(covered)),
  needed,
  registrations,
});

test("a log with room - is left alone, whatever snapshots cover", () => {
  assert.deepEqual(decideCut(fill(800), floors({ router: 1_100 }), limits), { status: "roomy" });
});

test("a full log that snapshots cover - is cut down to the wanted size and no further", () => {
  assert.deepEqual(decideCut(fill(1_000), floors({ router: 1_100 }), limits), { status: "cut", before: 401 });
});

test("a service that lags - holds the cut at what its snapshot covers", () => {
  const decision = decideCut(fill(1_000), floors({ router: 1_100, learning: 200 }), limits);
  assert.deepEqual(decision, { status: "cut", before: 201 });
});

test("a service without a snapshot - holds everything, and is named", () => {
  const decision = decideCut(fill(1_000), floors({ router: 1_100, sessions: 0 }), limits);
  assert.deepEqual(decision, { status: "held", by: "sessions", at: 1 });
});

test("open work - is not cut away", () => {
  assert.deepEqual(decideCut(fill(1_000), floors({ router: 1_100 }, 150), limits), {
    status: "cut",
    before: 150,
  });
  const decision = decideCut(fill(1_000), floors({ router: 1_100 }, 101), limits);
  assert.deepEqual(decision, { status: "held", by: "open work", at: 101 });
});

test("no snapshots are asked for - open work alone decides", () => {
  assert.deepEqual(decideCut(fill(1_000), floors({}), limits), { status: "cut", before: 401 });
});

const consumer = (ackFloor: number, pending: number, ackPending: number, ackPolicy = "explicit") =>
  ({
    config: { ack_policy: ackPolicy },
    ack_floor: { stream_seq: ackFloor },
    delivered: { stream_seq: ackFloor + 10 },
    num_pending: pending,
    num_ack_pending: ackPending,
  }) as unknown as ConsumerInfo;

test("what consumers need - the first message that one of them has not acknowledged", () => {
  assert.equal(neededBy([], 500), 501);
  assert.equal(neededBy([consumer(90, 0, 0)], 500), 501, "all acknowledged");
  assert.equal(neededBy([consumer(90, 0, 1), consumer(40, 3, 2)], 500), 41);
  assert.equal(neededBy([consumer(40, 3, 0)], 500), 51, "what was delivered is acknowledged");
  assert.equal(neededBy([consumer(3, 400, 0, "none")], 500), 501, "a follower reads again from its snapshot");
});

test("snapshots - are named by evolve version and sequence", () => {
  const encoded = (name: string) => Buffer.from(name).toString("base64url");
  assert.equal(snapshotSequence(encoded("3/1200")), 1_200);
  assert.equal(snapshotSequence(encoded("a/b/7")), 7);
  for (const name of ["3/", "3/x", "3/-5", "", "latest"])
    assert.equal(snapshotSequence(encoded(name)), 0, name);
});

test("a full log - is not cut beyond the oldest registration of a program: workers learn programs from the log alone", () => {
  const decided = decideCut(fill(900), floors({ router: 1_100 }, 1_101, 150), limits);
  assert.deepEqual(decided, { status: "cut", before: 150 });
});
