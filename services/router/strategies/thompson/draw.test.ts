import assert from "node:assert/strict";
import { test } from "node:test";
import { block, philox, uniform } from "./draw.ts";

function words(...args: Parameters<typeof philox>): string {
  philox(...args);
  return [...block].map((word) => word.toString(16).padStart(8, "0")).join(" ");
}

test("philox - the known answers of its authors", () => {
  assert.equal(words(0, 0, 0, 0, 0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  assert.equal(words(-1, -1, -1, -1, -1, -1), "408f276d 41c83b0e a20bc7c6 6d5451fd");
  assert.equal(
    words(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0),
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

test("a draw - is the same for the same seed and id, and another for another", () => {
  assert.equal(uniform(1, "local.c.1"), uniform(1, "local.c.1"));
  const draws = ["local.c.1", "local.c.2", "local.c.11", "local.d.1"].map((id) => uniform(1, id));
  assert.equal(new Set([...draws, uniform(2, "local.c.1"), uniform(2 ** 40 + 1, "local.c.1")]).size, 6);
});

test("draws - of consecutive ids are uniform and do not depend on each other", () => {
  const cells = new Array<number>(100).fill(0);
  const n = 20_000;
  let before = uniform(7, "local.c.0");
  for (let at = 1; at <= n; at++) {
    const next = uniform(7, `local.c.${at}`);
    const cell = Math.floor(before * 10) * 10 + Math.floor(next * 10);
    cells[cell] = (cells[cell] as number) + 1;
    before = next;
  }
  const expected = n / 100;
  const chiSquare = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99 degrees of freedom: above 160 with probability 1e-4.
  assert.ok(chiSquare < 160, `χ² ${chiSquare}`);
});
