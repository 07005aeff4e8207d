import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../tests/kit/fast-check.ts";
import {
  addCoarsely,
  addLatency,
  fadeSketch,
  type LatencySketch,
  latencyQuantile,
  logLatency,
  mergeSketches,
  narrowSketch,
  newSketch,
} from "./latency-sketch.ts";

function sketchOf(latencies: readonly number[]): LatencySketch {
  const sketch = newSketch();
  for (const one of latencies) addLatency(sketch, one);
  return sketch;
}

const latencies = fc.array(fc.double({ min: 0.02, max: 1e8, noNaN: true }), { minLength: 1, maxLength: 200 });
const shares = fc.double({ min: 0.01, max: 1, noNaN: true });

test("a quantile - lies within 1.6 % of the one that sorting finds", () => {
  fc.assert(
    fc.property(latencies, shares, (values, share) => {
      const exact = values.toSorted((a, b) => a - b)[Math.ceil(share * values.length - 1e-9) - 1] as number;
      const told = latencyQuantile(sketchOf(values), share) as number;
      assert.ok(Math.abs(told - exact) <= 0.016 * exact, `${told} for ${exact}`);
    }),
  );
});

test("two sketches - merged are the sketch of all, in either order", () => {
  fc.assert(
    fc.property(latencies, latencies, (a, b) => {
      const all = sketchOf([...a, ...b]);
      assert.deepEqual(mergeSketches(sketchOf(a), sketchOf(b)), all);
      assert.deepEqual(mergeSketches(sketchOf(b), sketchOf(a)), all);
    }),
  );
});

test("a sketch - is bounded however many latencies it takes, and survives its JSON", () => {
  const sketch = newSketch();
  for (let at = 0; at < 50_000; at++) addLatency(sketch, 2 ** ((at % 4_000) / 100 - 8));
  assert.ok(sketch.buckets.length <= 2 * 34 * 32, `${sketch.buckets.length}`);
  assert.deepEqual(JSON.parse(JSON.stringify(sketch)), sketch);
});

test("a sketch - of nothing knows no quantile", () => {
  assert.equal(latencyQuantile(newSketch(), 0.5), undefined);
});

test("a faded sketch - is moved by few new latencies", () => {
  const sketch = sketchOf(new Array(1_000).fill(10));
  fadeSketch(sketch, 0.01);
  for (let at = 0; at < 20; at++) addLatency(sketch, 100);
  assert.ok((latencyQuantile(sketch, 0.5) as number) > 90);
  fadeSketch(sketch, 1e-6);
  assert.equal(sketch.buckets.length, 0);
});

test("a narrow sketch - puts the lowest together, and keeps the count and the high quantiles", () => {
  const sketch = newSketch();
  for (let n = 0; n < 1_000; n++) addLatency(sketch, 1.01 ** n);
  const before = latencyQuantile(sketch, 0.95);
  narrowSketch(sketch, 50);
  assert.equal(sketch.buckets.length, 100);
  assert.equal(sketch.count, 1_000);
  let counted = 0;
  for (let at = 1; at < sketch.buckets.length; at += 2) counted += sketch.buckets[at] as number;
  assert.equal(counted, 1_000);
  assert.equal(latencyQuantile(sketch, 0.95), before);
});

test("coarse buckets - are within 8 %, eight for each doubling", () => {
  const sketch = newSketch();
  for (let ms = 0.02; ms < 1e6; ms *= 1.007) {
    const one = newSketch();
    addCoarsely(one, ms);
    addCoarsely(sketch, ms);
    assert.ok(Math.abs((latencyQuantile(one, 0.5) ?? 0) / ms - 1) < 0.08, `${ms}`);
  }
  assert.ok(sketch.buckets.length / 2 <= 8 * 27);
  assert.equal(logLatency(512) - logLatency(256), 1);
});
