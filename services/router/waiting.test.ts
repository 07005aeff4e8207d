import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../tests/kit/fast-check.ts";
import { type Waiter, WaitingQueue } from "./waiting.ts";

const waiters = fc.array(
  fc.record({ priority: fc.integer({ min: 0, max: 9 }), sequence: fc.integer({ min: 1, max: 50 }) }),
);
const isBefore = (a: Waiter, b: Waiter) =>
  a.priority > b.priority || (a.priority === b.priority && a.sequence <= b.sequence);

test("waiting queue - comes out by priority, then sequence, whatever the order of arrival", () => {
  fc.assert(
    fc.property(waiters, (list) => {
      const queue = new WaitingQueue<Waiter>();
      for (const waiter of list) queue.push(waiter);
      const out: Waiter[] = [];
      for (let w = queue.shift(); w !== undefined; w = queue.shift()) out.push(w);
      assert.equal(out.length, list.length);
      for (let i = 1; i < out.length; i++) assert.ok(isBefore(out[i - 1] as Waiter, out[i] as Waiter));
    }),
  );
});

test("waiting queue - turns away the lowest priority, youngest first", () => {
  const queue = new WaitingQueue<Waiter>();
  for (const [priority, sequence] of [
    [5, 1],
    [0, 2],
    [0, 3],
    [9, 4],
  ] as const)
    queue.push({ priority, sequence });
  assert.deepEqual(queue.pop(), { priority: 0, sequence: 3 });
  assert.deepEqual(queue.pop(), { priority: 0, sequence: 2 });
  assert.deepEqual(queue.pop(), { priority: 5, sequence: 1 });
  assert.equal(queue.size, 1);
});

test("waiting queue - removes exactly the one asked for", () => {
  const queue = new WaitingQueue<Waiter>();
  const one = { priority: 5, sequence: 1 };
  queue.push(one);
  queue.push({ priority: 5, sequence: 2 });
  assert.equal(queue.remove(one), true);
  assert.equal(queue.remove(one), false);
  assert.equal(queue.size, 1);
});
