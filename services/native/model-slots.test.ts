import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelSlots } from "./model-slots.ts";

const SERVER = "http://127.0.0.1:1/v1";

function given(count = 4) {
  const slots = new ModelSlots();
  return {
    begin: (session: string, server = SERVER) => slots.lease(server, count, session),
    /** A turn from its beginning to its end. */
    turn(session: string, server = SERVER): number | undefined {
      using lease = slots.lease(server, count, session);
      return lease?.slot;
    },
  };
}

test("a session - stays in the slot that its name stands for", () => {
  const { turn } = given();
  // As python-pools/tests/pool/test_model_slots.py has them.
  assert.deepEqual(
    ["local.a", "local.b", "local.travel"].map((one) => turn(one)),
    [1, 0, 2],
  );
  assert.deepEqual(
    ["local.travel", "local.b", "local.a", "local.a"].map((one) => turn(one)),
    [2, 0, 1, 1],
  );
  assert.deepEqual(
    ["local.a", "local.b", "local.travel"].map((one) => given().turn(one)),
    [1, 0, 2],
  );
});

test("two sessions of one name's slot - get slots of their own while there are any", () => {
  const { turn } = given(2);
  const sessions = ["local.a", "local.c"];
  assert.deepEqual(
    sessions.map((one) => given(2).turn(one)),
    [1, 1],
    "both would have it",
  );
  const before = sessions.map((one) => turn(one));
  assert.deepEqual(new Set(before), new Set([0, 1]));
  assert.deepEqual(
    sessions.map((one) => turn(one)),
    before,
  );
});

test("more sessions than slots - take one that nobody has used of late", () => {
  const { turn } = given(2);
  const [a, b] = [turn("s.a"), turn("s.b")];
  assert.notEqual(a, b);
  for (let n = 0; n < 6; n++) turn("s.a");
  assert.equal(turn("s.c"), b);
  assert.equal(turn("s.a"), a);
});

test("more sessions than slots that take turns - most of them find their own", () => {
  const { turn } = given(4);
  const sessions = ["local.a", "local.b", "local.c", "local.travel", "local.told"];
  const before = new Map<string, number | undefined>();
  const owner = new Map<number | undefined, string>();
  let stayed = 0;
  for (let n = 0; n < 50; n++) {
    const session = sessions[n % sessions.length] ?? "";
    const slot = turn(session);
    if (slot === before.get(session) && owner.get(slot) === session) stayed++;
    before.set(session, slot);
    owner.set(slot, session);
  }
  assert.ok(stayed >= 0.5 * 45, `${stayed} of 45`);
});

test("a slot that is busy - is nobody else's; with all of them busy the server chooses", () => {
  const { begin, turn } = given(2);
  const [first, second] = [begin("s.a"), begin("s.b")];
  assert.ok(first !== undefined && second !== undefined);
  assert.notEqual(first.slot, second.slot);
  assert.equal(begin("s.c"), undefined);
  assert.equal(begin("s.a"), undefined, "a second call of the session, beside its first");
  first[Symbol.dispose]();
  assert.equal(turn("s.c"), first.slot);
  assert.equal(turn("s.d", "http://127.0.0.1:2/v1"), given(2).turn("s.d"), "another server has its own");
});
