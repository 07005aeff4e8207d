import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { digestOf } from "./digest.ts";

const base: Decision = {
  stateSequence: 7,
  policyVersion: "3",
  features: { program: "p", place: { arm: "a@1", task: "t", length: 1, load: 0 }, complexity: 0.25 },
  candidates: [
    { implementation: "a", score: 0.5, probability: 0.3, eligible: true },
    { implementation: "b", score: 0, probability: 0, eligible: false },
  ],
  chosen: "a",
  inFlight: { general: 2 },
};

const withFeatures = (features: Record<string, unknown>): Decision => ({ ...base, features });

test("a digest - does not depend on the order of members, on what is undefined, or on the sign of zero", () => {
  const { program, place, complexity } = base.features;
  assert.deepEqual(digestOf(withFeatures({ complexity, place, program })), digestOf(base));
  assert.deepEqual(digestOf(withFeatures({ ...base.features, prefer: undefined })), digestOf(base));
  assert.deepEqual(digestOf(withFeatures({ zero: -0 })), digestOf(withFeatures({ zero: 0 })));
});

test("a digest - leaves out what the decision was taken from", () => {
  assert.deepEqual(digestOf({ ...base, stateSequence: 8, inFlight: {} }), digestOf(base));
});

test("a digest - is the same for the same JSON, and another for another", () => {
  const features = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
  fc.assert(
    fc.property(features, features, (one, other) => {
      const read = JSON.parse(JSON.stringify(one)) as Record<string, unknown>;
      assert.deepEqual(digestOf(withFeatures(read)), digestOf(withFeatures(one)));
      const isEqual = text(one) === text(other);
      assert.equal(`${digestOf(withFeatures(one))}` === `${digestOf(withFeatures(other))}`, isEqual);
    }),
    { numRuns: 500 },
  );
});

/** JSON with sorted members. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
