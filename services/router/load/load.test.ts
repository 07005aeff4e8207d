import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import {
  type AttemptFacts,
  attemptBegan,
  attemptEnded,
  attemptTook,
  workerGone,
  workerStarted,
} from "./evolve.ts";
import { isStalled } from "./stalled.ts";
import { type Load, loadFromJson, loadToJson, newLoad, runningKey } from "./state.ts";
import { expectedWaitMs, hasRoom, slotsOf } from "./wait.ts";

const KEY = runningKey("answer", "predict");
const attempt = (id: string): AttemptFacts => ({
  id,
  attempt: 1,
  program: "answer",
  implementation: "predict",
  pool: "general",
});
const worker = (name: string, incarnation = "a") => ({ pool: "general", worker: name, incarnation });

function given(slots: number, meanMs: number): Load {
  const load = newLoad();
  workerStarted(load, worker("0"), slots);
  attemptTook(load, attempt("x"), meanMs);
  return load;
}

test("slots - of all living workers; of a pool that nobody has seen none are known", () => {
  const load = newLoad();
  assert.equal(slotsOf(load, "general"), undefined);
  assert.equal(slotsOf(load, "native"), 16);
  workerStarted(load, worker("0"), 8);
  workerStarted(load, worker("1"), 8);
  assert.equal(slotsOf(load, "general"), 16);
  workerGone(load, worker("1"));
  assert.equal(slotsOf(load, "general"), 8);
});

test("slots - the end of a process does not take away its successor's", () => {
  const load = newLoad();
  workerStarted(load, worker("0", "old"), 8);
  workerStarted(load, worker("0", "new"), 4);
  workerGone(load, worker("0", "old"));
  assert.equal(slotsOf(load, "general"), 4);
});

test("expected wait - none while there are free slots, then by the mean of the pool", () => {
  const load = given(4, 200);
  assert.deepEqual(
    [0, 3, 4, 8].map((inFlight) => expectedWaitMs(load, "general", inFlight)),
    [0, 0, 50, 250],
  );
  assert.deepEqual([hasRoom(load, "general", 3), hasRoom(load, "general", 4)], [true, false]);
  assert.equal(expectedWaitMs(load, "elsewhere", 100), 0);
  assert.equal(hasRoom(load, "elsewhere", 100), true);
});

test("run times - the first ones count alike, then the newest a tenth", () => {
  const load = newLoad();
  for (const ms of [100, 200, 300]) attemptTook(load, attempt("x"), ms);
  assert.equal(load.times.get(KEY)?.meanMs, 200);
  for (let n = 0; n < 200; n++) attemptTook(load, attempt("x"), 1_000);
  assert.ok((load.times.get(KEY)?.meanMs ?? 0) > 999);
  attemptTook(load, attempt("x"), 0);
  assert.ok((load.poolTimes.get("general")?.meanMs ?? 0) < 901);
});

const none = () => undefined;
function running(load: Load, ...startsMs: number[]): Load {
  for (const [n, ms] of startsMs.entries()) attemptBegan(load, attempt(`a${n}`), ms);
  return load;
}

test("stalled - three overdue and half of all, by the learned time or four times the mean", () => {
  assert.equal(isStalled(running(given(4, 1_000), 0, 1, 2), KEY, none, 4_002), false);
  assert.equal(isStalled(running(given(4, 1_000), 0, 1, 2), KEY, none, 4_003), true);
  assert.equal(
    isStalled(running(given(4, 1_000), 0, 1, 2), KEY, () => 600, 1_203),
    true,
  );
  assert.equal(
    isStalled(running(given(4, 1_000), 0, 1, 2), KEY, () => 600, 1_202),
    false,
  );
});

test("stalled - not while most are fresh, while few are under way, or while it is short", () => {
  assert.equal(isStalled(running(given(4, 1_000), 0, 1), KEY, none, 90_000), false);
  assert.equal(
    isStalled(running(given(4, 1_000), 0, 1, 2, 9_000, 9_000, 9_000, 9_000), KEY, none, 9_001),
    false,
  );
  assert.equal(isStalled(running(given(4, 1_000), 0, 1, 2, 9_000, 9_000, 9_000), KEY, none, 9_001), true);
  assert.equal(isStalled(running(given(4, 2), 0, 1, 2), KEY, none, 900), false);
});

test("stalled - without any time to go by nothing is", () => {
  assert.equal(isStalled(running(newLoad(), 0, 1, 2), KEY, none, 9e9), false);
});

test("any attempts - what is running is what began and did not end, and is read back alike", () => {
  const step = fc.record({
    begins: fc.boolean(),
    id: fc.constantFrom("a", "b", "c", "d"),
    attempt: fc.integer({ min: 1, max: 2 }),
    implementation: fc.constantFrom("predict", "lexicon"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const load = newLoad();
      const expected = new Set<string>();
      for (const [at, { begins, ...of }] of steps.entries()) {
        const facts = { ...of, program: "answer", pool: "general" };
        const name = `${facts.implementation} ${facts.id}/${facts.attempt}`;
        if (begins) {
          attemptBegan(load, facts, at);
          expected.add(name);
        } else {
          attemptEnded(load, facts);
          expected.delete(name);
        }
      }
      const names = [...load.running].flatMap(([key, of]) =>
        [...of.keys()].map((id) => `${key.slice(7)} ${id}`),
      );
      assert.deepEqual(new Set(names), expected);
      assert.ok([...load.running.values()].every(({ size }) => size > 0));
      const json = JSON.parse(JSON.stringify(loadToJson(load)));
      assert.deepEqual(loadToJson(loadFromJson(json)), json);
    }),
  );
});
