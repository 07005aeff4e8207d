import assert from "node:assert/strict";
import { test } from "node:test";
import { isOld } from "./range.ts";

test("old - while the log has its beginning, nothing is", () => {
  assert.equal(isOld(1, { firstSequence: 1, lastSequence: 1_000 }), false);
});

test("old - what lies in the older half of what is left, or before it", () => {
  const range = { firstSequence: 101, lastSequence: 301 };
  assert.equal(isOld(7, range), true);
  assert.equal(isOld(200, range), true);
  assert.equal(isOld(201, range), false);
});
