import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../tests/kit/fast-check.ts";
import { DeadlineWheel } from "./deadline-wheel.ts";

test("deadlines - each comes due once, not early, at most two buckets late", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 50 }),
      fc.integer({ min: 1, max: 400 }),
      (times, step) => {
        const wheel = new DeadlineWheel(0);
        for (const [n, atMs] of times.entries()) wheel.add(`${n}`, atMs);
        const due = new Map<string, number>();
        for (let now = 0; now <= 4_000 + step; now += step) {
          for (const id of wheel.due(now)) {
            assert.ok(!due.has(id), "once");
            due.set(id, now);
          }
        }
        times.forEach((atMs, n) => {
          const when = due.get(`${n}`);
          assert.ok(
            when !== undefined && when >= atMs && when <= atMs + 100 + step,
            `${atMs} came at ${when}`,
          );
        });
      },
    ),
  );
});

test("deadlines - what is removed does not come", () => {
  const wheel = new DeadlineWheel(0);
  wheel.add("a", 500);
  wheel.add("b", 500);
  wheel.remove("a", 500);
  assert.deepEqual(wheel.due(1_000), ["b"]);
});

test("deadlines - one that is past already comes with the next look", () => {
  const wheel = new DeadlineWheel(10_000);
  wheel.add("late", 3_000);
  assert.deepEqual(wheel.due(10_200), ["late"]);
});

test("deadlines - a long pause of the process loses none", () => {
  const wheel = new DeadlineWheel(0);
  for (let n = 0; n < 10; n++) wheel.add(`${n}`, n * 1_000);
  assert.equal(wheel.due(3_600_000).length, 10);
  wheel.add("after", 3_600_100);
  assert.deepEqual(wheel.due(3_600_300), ["after"]);
});
