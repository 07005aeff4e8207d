import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DspexError } from "../../../schemas/errors.ts";
import { initialState, newSession, sessionKey } from "../state.ts";
import { Eraser, type EraserOptions } from "./eraser.ts";

const SESSIONS = ["a", "b", "c", "d"];

/** Sessions whose tombstones are in the log, which does not answer. */
function withoutLog() {
  const state = initialState();
  for (const [n, name] of SESSIONS.entries()) {
    const key = sessionKey("anna", name);
    state.ended.set(key, { ...newSession("anna", name, 1), status: "erased", erasing: n + 1 });
    state.toErase.add(key);
  }
  let reads = 0;
  const reader = {
    async at() {
      reads++;
      throw new DspexError("unavailable", "the log is away");
    },
  };
  let warnings = 0;
  const options = { fold: { state }, reader, logger: { warn: () => warnings++ } };
  const eraser = new Eraser(options as unknown as EraserOptions);
  return { eraser, reads: () => reads, warnings: () => warnings };
}

test("what cannot be erased now - is tried again once a second, each once, however many there are", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { eraser, reads, warnings } = withoutLog();
  eraser.resume();
  for (let second = 1; second <= 5; second++) {
    for (let n = 0; n < 20; n++) await nextTurn();
    // Turns that come meanwhile look as well.
    eraser.resume();
    assert.equal(reads(), SESSIONS.length * second);
    assert.equal(warnings(), SESSIONS.length * second);
    t.mock.timers.tick(1_000);
  }
  await eraser.stop();
});

test("an erasure that was asked for and failed - goes on, and none after the stop", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { eraser, reads } = withoutLog();
  await assert.rejects(eraser.erase("anna", "a"), { code: "unavailable" });
  await nextTurn();
  t.mock.timers.tick(1_000);
  await nextTurn();
  assert.equal(reads(), 2);
  await eraser.stop();
  t.mock.timers.tick(10_000);
  await nextTurn();
  assert.equal(reads(), 2);
});
