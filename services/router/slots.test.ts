import assert from "node:assert/strict";
import { test } from "node:test";
import { PoolSlots } from "./slots.ts";

function slots(limit: number, bounds = { perPool: 3, total: 100 }) {
  const folded = new Map<string, number>();
  const pool = new PoolSlots(
    () => limit,
    (name) => folded.get(name) ?? 0,
    bounds,
  );
  const outcomes: string[] = [];
  const enter = (id: string, priority = 5, sequence = outcomes.length) => {
    const waiter = {
      id,
      attempt: 1,
      priority,
      sequence,
      go: (admitted: boolean) => void outcomes.push(`${id} ${admitted}`),
    };
    pool.enter("general", waiter);
    return waiter;
  };
  return { pool, folded, outcomes, enter };
}

test("slots - a place is taken at once, before the log has the work", () => {
  const { outcomes, enter, pool } = slots(2);
  for (const id of ["a", "b", "c"]) enter(id);
  assert.deepEqual(outcomes, ["a true", "b true"]);
  assert.equal(pool.inFlight("general"), 2);
  assert.equal(pool.waiting, 1);
});

test("slots - what the fold counts is not counted twice", () => {
  const { pool, folded, enter } = slots(2);
  enter("a");
  folded.set("general", 1);
  pool.release("a", 1);
  assert.equal(pool.inFlight("general"), 1);
});

test("slots - who waits goes by priority when there is a place", () => {
  const { pool, outcomes, enter } = slots(1);
  enter("a");
  enter("low", 1, 1);
  enter("high", 9, 2);
  pool.release("a", 1);
  pool.drain("general");
  assert.deepEqual(outcomes, ["a true", "high true"]);
});

test("slots - above the bound the lowest priority, youngest first, is turned away", () => {
  const { outcomes, enter, pool } = slots(1);
  enter("a");
  enter("w1", 5, 1);
  enter("w2", 0, 2);
  enter("w3", 0, 3);
  enter("w4", 9, 4);
  assert.deepEqual(outcomes, ["a true", "w3 false"]);
  assert.equal(pool.waiting, 3);
});

test("slots - who leaves is not called any more", () => {
  const { outcomes, enter, pool } = slots(1);
  enter("a");
  const waiter = enter("b", 5, 1);
  pool.leave("general", waiter);
  pool.release("a", 1);
  pool.drain("general");
  assert.deepEqual(outcomes, ["a true"]);
  assert.equal(pool.waiting, 0);
});
