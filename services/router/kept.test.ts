import assert from "node:assert/strict";
import test from "node:test";
import { Kept } from "./kept.ts";

test("kept - what is taken is gone, and gone is the oldest where there is no more room", () => {
  const kept = new Kept<number, string>(3);
  for (const n of [1, 2, 3]) kept.keep(n, `value ${n}`);
  assert.equal(kept.take(2), "value 2");
  assert.equal(kept.take(2), undefined);
  kept.keep(4, "value 4");
  assert.equal(kept.take(1), undefined);
  assert.equal(kept.size, 2);
  kept.keep(5, "value 5");
  kept.keep(6, "value 6");
  assert.deepEqual(
    [3, 4, 5, 6].map((n) => kept.take(n)),
    [undefined, "value 4", "value 5", "value 6"],
  );
  assert.equal(kept.size, 0);
});
