import assert from "node:assert/strict";
import { test } from "node:test";
import { CELL_SIZE } from "../statistics/cell.ts";
import { detect, newDetector } from "./detector.ts";

const one = new Float64Array(CELL_SIZE).fill(1);

test("errors of one sign - ring within seven at the clip, and say which way", () => {
  for (const [sign, way] of [
    [-1, "worse"],
    [1, "better"],
  ] as const) {
    const detector = newDetector();
    let rung: string | undefined;
    let taken = 0;
    while (rung === undefined && taken < 50) {
      rung = detect(detector, sign * 100, 50, one);
      taken++;
    }
    assert.equal(rung, way);
    assert.equal(taken, 5);
    assert.equal((way === "worse" ? detector.sinceDown : detector.sinceUp)[0], 5);
  }
});

test("errors within the slack - never ring", () => {
  const detector = newDetector();
  for (let at = 0; at < 10_000; at++) {
    assert.equal(detect(detector, at % 2 === 0 ? 0.5 : -0.5, 50, one), undefined);
  }
  assert.equal(detector.down + detector.up, 0);
});

test("an arm that is hardly known - cannot have changed", () => {
  const detector = newDetector();
  for (let at = 0; at < 20; at++) assert.equal(detect(detector, -3, 8, one), undefined);
  assert.equal(detect(detector, -3, 8.5, one), "worse");
});

test("what was before the sum was zero - is not part of the change", () => {
  const detector = newDetector();
  detect(detector, -2, 50, one);
  detect(detector, 3, 50, one);
  for (let at = 0; at < 3; at++) detect(detector, -2, 50, one);
  assert.equal(detector.sinceDown[0], 3);
});
