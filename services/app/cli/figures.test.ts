import assert from "node:assert/strict";
import { test } from "node:test";
import { amount, bar, milliseconds, percent } from "./figures.ts";

test("shares - what is small is not nothing", () => {
  assert.deepEqual([0, 0.004, 0.0095, 0.5, 0.999, 1].map(percent), [
    "0 %",
    "0.4 %",
    "1 %",
    "50 %",
    "100 %",
    "100 %",
  ]);
});

test("times - with the places that matter", () => {
  assert.deepEqual([undefined, 0, 0.0183, 0.96, 3.14, 9.96, 839.6, 999.7, 61_000].map(milliseconds), [
    "–",
    "0 ms",
    "0.02 ms",
    "1 ms",
    "3.1 ms",
    "10 ms",
    "840 ms",
    "1.0 s",
    "61.0 s",
  ]);
});

test("amounts - whole from ten on", () => {
  assert.deepEqual([0, 9.94, 9.96, 1_204.4].map(amount), ["0.0", "9.9", "10", "1,204"]);
});

test("bars - as wide whatever they show", () => {
  assert.deepEqual([...new Set([-1, 0, 0.33, 0.5, 1, 2].map((share) => bar(share).length))], [16]);
  assert.equal(bar(0.5).trimEnd(), "████████");
  assert.equal(bar(0.01).trimEnd(), "▏");
});
