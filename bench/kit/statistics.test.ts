import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile, slope, sorted, spread } from "./statistics.ts";

test("spread - of an odd and of an even number of rounds", () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
});

test("percentile - is a value that was measured", () => {
  const hundred = sorted(Array.from({ length: 100 }, (_, n) => 100 - n));
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test("slope - of a line is its own, whatever lies around it evenly", () => {
  assert.equal(
    slope([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
    2,
  );
  assert.equal(
    slope([
      [0, 1],
      [0, -1],
      [2, 1],
      [2, -1],
    ]),
    0,
  );
  assert.ok(Number.isNaN(slope([[1, 1]])));
});
