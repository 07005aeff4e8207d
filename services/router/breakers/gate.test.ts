import assert from "node:assert/strict";
import { test } from "node:test";
import { evolveBreakers } from "./evolve.ts";
import { TrialGate } from "./gate.ts";
import { type Breakers, newBreakers } from "./state.ts";

const KEY = "model/small";

function opened(): Breakers {
  const breakers = newBreakers();
  for (let n = 0; n < 5; n++)
    evolveBreakers(breakers, {
      kind: "ended",
      sequence: n,
      timeMs: n,
      beganMs: n,
      keys: [KEY],
      error: { code: "lm_unavailable" },
    });
  return breakers;
}

test("gate - nothing failed: everybody goes on", () => {
  assert.equal(new TrialGate().enter(newBreakers(), [KEY], "a", 0), 0);
});

test("gate - open: nobody before its time", () => {
  assert.equal(new TrialGate().enter(opened(), [KEY], "a", 4), 5_000);
});

test("gate - its time is over: of a burst one goes on, until the log shows what became of it", () => {
  const gate = new TrialGate();
  const breakers = opened();
  const waits = ["a", "b", "c"].map((id) => gate.enter(breakers, [KEY], id, 6_000));
  assert.deepEqual(waits, [0, 1_000, 1_000]);
  gate.leave("b");
  assert.equal(gate.enter(breakers, [KEY], "d", 6_001), 1_000);
  gate.leave("a");
  assert.equal(gate.enter(breakers, [KEY], "d", 6_002), 0);
});

test("gate - one of which nothing is seen is given up", () => {
  const gate = new TrialGate();
  const breakers = opened();
  gate.enter(breakers, [KEY], "a", 6_000);
  assert.equal(gate.enter(breakers, [KEY], "b", 65_999), 1_000);
  assert.equal(gate.enter(breakers, [KEY], "b", 66_000), 0);
});
