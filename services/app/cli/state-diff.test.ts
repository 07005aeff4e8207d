import assert from "node:assert/strict";
import { test } from "node:test";
import { stateDifferences } from "./state-diff.ts";

test("a difference - is told by its path", () => {
  assert.deepEqual(stateDifferences({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: 1, c: 4 }, e: 5 }), [
    { path: "a.c", before: 2, after: 4 },
    { path: "d", before: 3 },
    { path: "e", after: 5 },
  ]);
});

test("a difference - entries with a name are found wherever they are in the list", () => {
  const before = { open: [{ id: "u.c.1", attempt: 1 }, { id: "u.c.2" }] };
  const after = { open: [{ id: "u.c.2" }, { id: "u.c.1", attempt: 2 }] };
  assert.deepEqual(stateDifferences(before, after), [{ path: "open.u.c.1.attempt", before: 1, after: 2 }]);
});

test("a difference - equal states have none", () => {
  assert.deepEqual(stateDifferences({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []);
});

test("a difference - another type is one", () => {
  assert.deepEqual(stateDifferences({ a: null }, { a: {} }), [{ path: "a", before: null, after: {} }]);
});
