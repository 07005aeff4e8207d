// The comparison and the picture on a stream whose outcome is known.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compare, smoothedShares } from "./compare.ts";
import { learningPicture } from "./picture.ts";
import { replay, type Trace } from "./traces.ts";

const ALONE = new Map([
  ["first", [1, 0]],
  ["second", [1, 1]],
]);
const free = (row: number, chosen: string, reward: number) => ({ row, chosen, right: reward, reward });
const STREAM = [free(0, "first", 1), free(1, "first", 0), free(1, "second", 1), free(0, "second", 1)];

describe("learning bench", () => {
  it("comparison - each policy gets what its arms got of the same sentences", () => {
    const { gains, ...means } = compare(STREAM, ALONE);
    assert.deepEqual(means, {
      routed: 0.75,
      declaredOrder: 0.5,
      roundRobin: 0.75,
      bestSingle: 1,
      bestArm: "second",
    });
    assert.deepEqual(gains, [
      { name: "always second", values: [0, 1, 2, 2] },
      { name: "routing", values: [0, 0, 1, 1] },
      { name: "round robin", values: [0, 0.5, 1, 1] },
    ]);
  });

  it("comparison - smoothed shares sum to one and follow the choices", () => {
    const chosen = STREAM.map((one) => one.chosen);
    const shares = smoothedShares(chosen, [...ALONE.keys()], { width: 0.5, points: 3 });
    for (const each of shares) assert.ok(Math.abs(each.reduce((sum, share) => sum + share, 0) - 1) < 1e-12);
    const [begin = [], , end = []] = shares;
    assert.ok((begin[0] ?? 0) > 0.95 && (end[1] ?? 0) > 0.95);
  });

  it("traces - ours finds the arm that is right, and what is cheap alone does not", () => {
    const trace = (right: number, thrift: number): Trace => {
      const reward = 0.6 * right + 0.25 + 0.15 * thrift;
      return { success: true, latencyMs: 100, inTime: 1, thrift, right, reward };
    };
    const replayed = replay([[trace(0, 1)], [trace(1, 0.9)], [trace(0, 0.8)]], 200, 3);
    const of = (name: string) => replayed.find((one) => one.name === name) ?? assert.fail(name);
    assert.equal(of("declared order").right, 0);
    assert.ok(of("ours").right > 0.8, `${of("ours").right}`);
    assert.ok(of("LiteLLM cost-based").right < 0.1);
  });

  it("picture - has an area for each arm, a line for each policy, and nothing that is no number", () => {
    const { gains } = compare(STREAM, ALONE);
    const picture = learningPicture({
      title: "a < b & c",
      subtitle: "",
      arms: [...ALONE.keys()].map((name) => ({ name, note: "50 % right" })),
      shares: smoothedShares(
        STREAM.map(({ chosen }) => chosen),
        [...ALONE.keys()],
        { width: 1, points: 5 },
      ),
      gains,
      first: "first",
    });
    assert.match(picture, /a &lt; b &amp; c/);
    assert.equal(picture.match(/<polygon /g)?.length, 2);
    assert.equal(picture.match(/<polyline /g)?.length, 3);
    assert.doesNotMatch(picture, /NaN|Infinity|undefined/);
  });

  it("picture - a stream that gains nothing still has axes", () => {
    const picture = learningPicture({
      title: "flat",
      subtitle: "",
      arms: [{ name: "only", note: "" }],
      shares: [[1]],
      gains: [{ name: "routing", values: [0] }],
      first: "only",
    });
    assert.doesNotMatch(picture, /NaN|Infinity/);
  });
});
