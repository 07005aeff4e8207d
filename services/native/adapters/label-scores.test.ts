import assert from "node:assert/strict";
import { it } from "node:test";
import { amongLabels, logSum, pickLabel } from "./label-scores.ts";

const near = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs((found ?? Number.NaN) - expected) < 1e-12, `${found} is not ${expected}`);

it("among labels - shares add up to one, whatever was said beside them", () => {
  const scores = amongLabels({ a: -5, b: -6 });
  near(Math.exp(scores.a ?? 0) + Math.exp(scores.b ?? 0), 1);
  near((scores.a ?? 0) - (scores.b ?? 0), 1);
  assert.deepEqual(amongLabels({ a: -5, b: -6 }), scores);
});

it("among labels - what cannot be said stays a number", () => {
  assert.deepEqual(amongLabels({ a: 0, b: Number.NEGATIVE_INFINITY }), { a: 0, b: -100 });
  const none = amongLabels({ a: Number.NEGATIVE_INFINITY, b: Number.NEGATIVE_INFINITY });
  near(none.a, Math.log(0.5));
});

it("pick - the label that is likelier than usual", () => {
  const scores = { yes: Math.log(0.8), no: Math.log(0.2) };
  assert.equal(pickLabel(scores, undefined).label, "yes");
  near(pickLabel(scores, undefined).confidence, 0.8);
  const { label, confidence } = pickLabel(scores, { yes: Math.log(0.95), no: Math.log(0.05) });
  assert.equal(label, "no");
  const odds = 0.2 / 0.05 / (0.8 / 0.95);
  near(confidence, odds / (1 + odds));
});

it("pick - measured among labels or among all words makes no difference", () => {
  const raw = { a: -7, b: -6.5, c: -9 };
  const means = { a: -8, b: -6, c: -7 };
  const one = pickLabel(raw, means);
  const other = pickLabel(amongLabels(raw), means);
  assert.equal(one.label, other.label);
  near(one.confidence, other.confidence);
});

it("pick - the first of equals", () => {
  assert.deepEqual(pickLabel({ b: -1, a: -1 }, undefined), { label: "b", confidence: 0.5 });
});

it("log sum - of nothing is nothing", () => {
  assert.equal(logSum([]), Number.NEGATIVE_INFINITY);
  near(logSum([-1_000, -1_000]), -1_000 + Math.log(2));
});
