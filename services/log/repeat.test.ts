import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { repeat } from "./repeat.ts";

test("repeat - the next time begins after the last has ended, failed or not, and none after stop", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let begun = 0;
  let end = Promise.withResolvers<void>();
  const errors: string[] = [];
  const repeated = repeat(
    100,
    () => {
      begun++;
      end = Promise.withResolvers();
      return end.promise;
    },
    ({ message }) => errors.push(message),
  );
  t.mock.timers.tick(99);
  assert.equal(begun, 0);
  t.mock.timers.tick(1);
  assert.equal(begun, 1);
  t.mock.timers.tick(1_000);
  assert.equal(begun, 1, "the first has not ended");
  end.reject(new Error("away"));
  await nextTurn();
  assert.deepEqual(errors, ["away"]);
  t.mock.timers.tick(100);
  assert.equal(begun, 2);
  repeated.stop();
  end.reject(new Error("stopped"));
  await nextTurn();
  t.mock.timers.tick(1_000);
  assert.equal(begun, 2);
  assert.deepEqual(errors, ["away"], "who stops is not told");
});
