import assert from "node:assert/strict";
import { test } from "node:test";
import { HedgeTimers } from "./timers.ts";

test("timers - one a request, none after it was cleared or all were stopped", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const timers = new HedgeTimers();
  const looked: string[] = [];
  for (const [id, afterMs] of [
    ["a", 10],
    ["b", 10],
    ["a", 20],
    ["c", 30],
  ] as const)
    timers.set(id, afterMs, () => looked.push(`${id} ${afterMs}`));
  assert.equal(timers.size, 3);
  timers.clear("b");
  t.mock.timers.tick(20);
  assert.deepEqual(looked, ["a 20"]);
  timers.stop();
  t.mock.timers.tick(100);
  assert.deepEqual([looked.length, timers.size], [1, 0]);
});
