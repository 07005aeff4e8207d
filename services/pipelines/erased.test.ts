import assert from "node:assert/strict";
import { test } from "node:test";
import { sessionEventSubject } from "../../schemas/subjects.ts";
import { decodeEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { type EndedRun, initialState, keyOf } from "./state.ts";

const nothingAwaited = () => false;

function tombstone(data: object, sequence = 90) {
  const subject = sessionEventSubject("ann", "user-1f", "erased");
  const whole = { user: "ann", session: "user-1f", ...data };
  return { subject, sequence, timeMs: 1_000, json: () => ({ data: whole }) };
}
const begun = {
  status: "begun",
  by: "ann",
  turns: 0,
  contextVersion: 0,
  log: [],
  values: [],
  results: [],
};

function ended(user: string, run: string, sequence: number): [string, EndedRun] {
  const times = { startedMs: 1, endedMs: 2 };
  return [
    keyOf(user, run),
    { user, run, pipeline: "p", version: "v", status: "succeeded", ...times, hash: "h", sequence },
  ];
}

test("a user who is erased - the runs that had ended by then are forgotten, no others", () => {
  const state = initialState();
  state.ended = new Map([ended("ann", "old", 50), ended("bob", "old", 50), ended("ann", "new", 85)]);
  const event = decodeEvent(tombstone({ ...begun, upTo: 80 }), nothingAwaited);
  assert.deepEqual(event, { kind: "user-erased", sequence: 90, timeMs: 1_000, user: "ann", upTo: 80 });
  assert.ok(event);
  evolve(state, event);
  assert.deepEqual([...state.ended.keys()], [keyOf("bob", "old"), keyOf("ann", "new")]);
});

test("one session that is erased - concerns no pipeline", () => {
  assert.equal(decodeEvent(tombstone(begun), nothingAwaited), undefined);
  const done = { status: "done", of: 90, messages: 3 };
  assert.equal(decodeEvent(tombstone(done), nothingAwaited), undefined);
});
