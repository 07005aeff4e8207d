import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import { evaluate, verdictOf } from "./evaluate.ts";
import { estimateFrom } from "./interval.ts";
import type { LoggedDecision, TargetPolicy } from "./logged.ts";
import { studentQuantile } from "./student.ts";

const ARMS = ["a", "b"];

function logOf(
  count: number,
  probability: number,
  reward: (at: number, arm: number) => number,
): LoggedDecision[] {
  return Array.from({ length: count }, (_, at) => {
    const chosen = (at * 0.6180339887) % 1 < probability ? 0 : 1;
    const probabilities = [probability, 1 - probability];
    return { context: `c${at % 3}`, arms: ARMS, probabilities, chosen, reward: reward(at, chosen) };
  });
}

const always =
  (arm: number): TargetPolicy =>
  () => [arm === 0 ? 1 : 0, arm === 1 ? 1 : 0];
const logging: TargetPolicy = ({ probabilities }) => probabilities;

test("Student's t - as in the tables, between them, and normal in the end", () => {
  for (const [df, exact] of [
    [1, 12.706],
    [4, 2.776],
    [4.5, 2.659],
    [12, 2.179],
    [30, 2.042],
    [1e9, 1.96],
    [0.2, 12.706],
  ] as const) {
    assert.ok(Math.abs(studentQuantile(df) - exact) < 4e-3, `t(${df}) = ${studentQuantile(df)}`);
  }
});

test("degrees of freedom - of equal scores are their number less one, of one heavy score none", () => {
  assert.equal(estimateFrom(0, Float64Array.of(1, -1, 1, -1)).df, 3);
  assert.ok(estimateFrom(0, Float64Array.of(10, 0.1, -0.1)).df < 0.01);
});

test("the logging policy itself - is estimated as what was got", () => {
  const { logged, importanceSampling, selfNormalised, effectiveSampleSize, warnings } = evaluate(
    logOf(500, 0.7, (at) => (at % 4) / 4),
    logging,
  );
  assert.equal(importanceSampling.value, logged.value);
  assert.ok(Math.abs(selfNormalised.value - logged.value) < 1e-12);
  assert.ok(Math.abs(effectiveSampleSize - 500) < 1e-6);
  assert.deepEqual(warnings, []);
});

test("another policy - is found by each estimate, best by the doubly robust one", () => {
  const log = logOf(
    4_000,
    0.9,
    (at, arm) => (arm === 0 ? 0.4 : 0.8) + 0.1 * ((at * 0.7548776662) % 1) - 0.05,
  );
  const found = evaluate(log, always(1));
  for (const estimate of [found.importanceSampling, found.selfNormalised, found.doublyRobust]) {
    assert.ok(
      Math.abs(estimate.value - 0.8) <= estimate.halfWidth + 0.01,
      `${estimate.value} ± ${estimate.halfWidth}`,
    );
  }
  assert.ok(found.doublyRobust.halfWidth < found.importanceSampling.halfWidth);
  assert.deepEqual(found.warnings, []);
});

test("the gain - tells two policies apart that are closer than their own intervals are wide", () => {
  const noise = (at: number) => 0.3 * ((at * 0.7548776662) % 1);
  const log = logOf(2_000, 0.5, (at, arm) => (at % 3 === 0 ? 0.2 : 0.5) + noise(at) + 0.03 * arm);
  const mostlySecond: TargetPolicy = () => [0.3, 0.7];
  const found = evaluate(log, mostlySecond);
  assert.ok(found.gain.value > found.gain.halfWidth && found.gain.halfWidth < found.doublyRobust.halfWidth);
  assert.equal(verdictOf(found), "better");
  assert.equal(verdictOf(evaluate(log, () => [0.7, 0.3])), "worse");
  assert.equal(verdictOf(evaluate(log, logging)), "the same");
  assert.equal(verdictOf(evaluate(log.slice(0, 50), mostlySecond)), "cannot tell");
});

test("what the log never does - is said, not estimated in silence", () => {
  const log = logOf(300, 1, () => 0.5);
  const { unsupported, warnings } = evaluate(log, always(1));
  assert.equal(unsupported, 1);
  assert.match(warnings[0] ?? "", /100.0 % of its choices where the log never does/);
});

test("a neglected arm - has too few decisions to tell", () => {
  const { warnings, effectiveSampleSize } = evaluate(
    logOf(1_000, 0.97, (at) => at % 2),
    always(1),
  );
  assert.ok(effectiveSampleSize < 100);
  assert.match(warnings.join("\n"), /the data cannot tell/);
});

test("probabilities that were not used - are noticed by the weights", () => {
  const log = logOf(2_000, 0.5, () => 0.5).map((one) => ({ ...one, probabilities: [0.8, 0.2] }));
  assert.match(evaluate(log, always(0)).warnings.join("\n"), /not those that were used/);
});

test("an empty log - tells nothing and does not fail", () => {
  const { decisions, warnings } = evaluate([], always(0));
  assert.equal(decisions, 0);
  assert.ok(warnings.length > 0);
});

test("any log - estimates are finite and within what rewards and weights allow", () => {
  const decisions = fc.array(
    fc.record({
      context: fc.constantFrom("x", "y"),
      arms: fc.constant(ARMS),
      probabilities: fc.double({ min: 0.05, max: 0.95, noNaN: true }).map((p) => [p, 1 - p]),
      chosen: fc.nat({ max: 1 }),
      reward: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(decisions, (log) => {
      const found = evaluate(log, always(0));
      assert.ok(found.selfNormalised.value >= 0 && found.selfNormalised.value <= 1);
      for (const one of [found.importanceSampling, found.selfNormalised, found.doublyRobust, found.logged]) {
        assert.ok(Number.isFinite(one.value) && one.halfWidth >= 0);
      }
      assert.ok(found.effectiveSampleSize <= log.length + 1e-9);
    }),
  );
});
