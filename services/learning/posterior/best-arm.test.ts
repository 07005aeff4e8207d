import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import { bestArmProbabilities, MAX_CANDIDATES } from "./best-arm.ts";
import { phi } from "./normal.ts";

function probabilitiesOf(arms: readonly { mean: number; spread: number }[]): number[] {
  const found = new Float64Array(MAX_CANDIDATES);
  bestArmProbabilities(
    Float64Array.from(arms, ({ mean }) => mean),
    Float64Array.from(arms, ({ spread }) => spread),
    arms.length,
    found,
  );
  return [...found.subarray(0, arms.length)];
}

test("Φ - agrees with its table in the books", () => {
  for (const [z, exact] of [
    [0, 0.5],
    [1, 0.841344746],
    [-1, 0.158655254],
    [1.96, 0.9750021],
    [-2.5, 0.006209665],
    [4.2, 0.999986654],
    [7, 1],
    [-7, 0],
  ] as const) {
    assert.ok(Math.abs(phi(z) - exact) < 3e-6, `Φ(${z}) = ${phi(z)}`);
  }
});

test("two arms - as the difference of two normals says", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.double({ min: 0.2, max: 3, noNaN: true }),
      (gap, ratio) => {
        const arms = [
          { mean: 0.5 + 0.1 * gap, spread: 0.1 },
          { mean: 0.5, spread: 0.1 * ratio },
        ];
        const [first = 0] = probabilitiesOf(arms);
        assert.ok(Math.abs(first - phi(gap / Math.sqrt(1 + ratio * ratio))) < 2e-3);
      },
    ),
  );
});

const arms = fc.array(
  fc.record({
    mean: fc.double({ min: 0, max: 1, noNaN: true }),
    spread: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
  }),
  { minLength: 1, maxLength: 20 },
);

test("any arms - the probabilities are none below 0, and 1 in total", () => {
  fc.assert(
    fc.property(arms, (given) => {
      const found = probabilitiesOf(given);
      assert.ok(found.every((p) => p >= 0));
      assert.ok(Math.abs(found.reduce((a, b) => a + b, 0) - 1) < 1e-12);
    }),
  );
});

test("any arms - a better mean never makes one less likely, and equals are equally likely", () => {
  fc.assert(
    fc.property(arms, fc.double({ min: 0, max: 0.2, noNaN: true }), (given, more) => {
      const [first, ...rest] = given as [{ mean: number; spread: number }];
      const [before = 0] = probabilitiesOf([first, ...rest]);
      const [after = 0] = probabilitiesOf([{ ...first, mean: first.mean + more }, ...rest]);
      assert.ok(after >= before - 2e-3, `${before} → ${after}`);
      const [one, other] = probabilitiesOf([first, first, ...rest]) as [number, number];
      assert.ok(Math.abs(one - other) < 1e-12);
    }),
  );
});

test("twenty arms - the bits are these on every machine", () => {
  const given = Array.from({ length: 20 }, (_, k) => ({
    mean: 0.5 + ((k * 7) % 20) / 100,
    spread: 0.05 + (k % 5) / 100,
  }));
  const bytes = new Uint8Array(Float64Array.from(probabilitiesOf(given)).buffer);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  assert.equal((hash >>> 0).toString(16), "d02406d9");
});
