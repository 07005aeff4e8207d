// Metrics of labels, rankings, probabilities, JSON and intervals: what always holds, and cases by hand. That the numbers are
// those of scikit-learn and of dspex optimize say tests/integration/native-metrics-*.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fc } from "../../../../tests/kit/fast-check.ts";
import {
  averagePrecision,
  bootstrapInterval,
  brierScore,
  classificationReport,
  confusionMatrix,
  expectedCalibrationError,
  isSameJson,
  jsonSimilarity,
  logLoss,
  meanAveragePrecision,
  meanReciprocalRank,
  multiclassBrier,
  ndcg,
  precisionAtK,
  recallAtK,
  reciprocalRank,
  reliabilityBins,
  wilsonInterval,
} from "./mod.ts";

const RUNS = { seed: 7, numRuns: 200 };
const label = fc.constantFrom("a", "b", "c");

describe("classification", () => {
  it("classification - a class that was never predicted, and one that never occurred", () => {
    const truth = ["a", "a", "b"];
    const predicted = ["a", "c", "a"];
    const { classes, balancedAccuracy, macro } = classificationReport(truth, predicted);
    assert.deepEqual(
      classes.map(({ label: name, precision, recall, f1, support }) => [
        name,
        precision,
        recall,
        f1,
        support,
      ]),
      [
        ["a", 0.5, 0.5, 0.5, 2],
        ["b", 0, 0, 0, 1],
        ["c", 0, 0, 0, 0],
      ],
    );
    assert.equal(balancedAccuracy, 0.25);
    assert.equal(macro.precision, 0.5 / 3);
    const [, b, c] = classificationReport(truth, predicted, { zeroDivision: 1 }).classes;
    assert.deepEqual([b?.precision, c?.recall, c?.f1], [1, 1, 0]);
  });

  it("classification - whoever is right is right in every way", () =>
    fc.assert(
      fc.property(fc.array(label, { minLength: 1 }), (truth) => {
        const report = classificationReport(truth, truth);
        for (const one of [report.macro, report.micro, report.weighted])
          assert.deepEqual(one, { precision: 1, recall: 1, f1: 1 });
        const isOneClass = new Set(truth).size === 1;
        assert.ok(isOneClass ? Number.isNaN(report.cohenKappa) : report.cohenKappa === 1);
        assert.equal(Math.round(report.matthewsCorrelation * 1e9) / 1e9, isOneClass ? 0 : 1);
      }),
      RUNS,
    ));

  it("classification - agreement is the same both ways, and the matrix counts every pair", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label), { minLength: 1 }), (pairs) => {
        const [truth, predicted] = [pairs.map(([one]) => one), pairs.map(([, one]) => one)];
        const [there, back] = [
          classificationReport(truth, predicted),
          classificationReport(predicted, truth),
        ];
        const isClose = (one: number, other: number) =>
          Object.is(one, other) || Math.abs(one - other) < 1e-12;
        assert.ok(isClose(there.cohenKappa, back.cohenKappa));
        assert.ok(isClose(there.matthewsCorrelation, back.matthewsCorrelation));
        assert.equal(
          there.confusion.matrix.flat().reduce((sum, count) => sum + count, 0),
          pairs.length,
        );
      }),
      RUNS,
    ));

  it("classification - what is wrong is named", () => {
    assert.throws(
      () => classificationReport(["a"], []),
      /as many true as predicted labels are needed: 1 and 0/,
    );
    assert.throws(() => classificationReport([], []), /there are no labels/);
    assert.throws(() => confusionMatrix(["a"], ["b"], ["a"]), /label "b" is not among: a/);
    assert.throws(() => confusionMatrix(["a"], ["a"], ["a", "a"]), /listed twice/);
  });
});

describe("rankings", () => {
  const ranking = ["d3", "d1", "d7", "d2"];
  const relevant = ["d1", "d2", "d9"];

  it("rankings - by hand", () => {
    assert.equal(precisionAtK(ranking, relevant, 2), 0.5);
    assert.equal(precisionAtK(ranking, relevant, 10), 0.2);
    assert.equal(recallAtK(ranking, relevant, 4), 2 / 3);
    assert.equal(reciprocalRank(ranking, relevant), 0.5);
    assert.equal(averagePrecision(ranking, relevant), (1 / 2 + 2 / 4) / 3);
    assert.equal(meanReciprocalRank([ranking, ["d1"]], [relevant, ["d1"]]), 0.75);
    assert.equal(meanAveragePrecision([ranking, ["d1"]], [relevant, ["d1"]]), (1 / 3 + 1) / 2);
    const gains = { d1: 3, d2: 1 };
    const best = 3 + 1 / Math.log2(3);
    assert.equal(ndcg(ranking, gains), (3 / Math.log2(3) + 1 / Math.log2(5)) / best);
    assert.equal(ndcg(["d1", "d2"], gains, { gain: "exponential" }), 1);
  });

  it("rankings - nothing relevant is 0, an id counts once", () => {
    for (const score of [
      reciprocalRank(ranking, []),
      averagePrecision(ranking, []),
      recallAtK(ranking, [], 3),
    ])
      assert.equal(score, 0);
    assert.equal(ndcg(ranking, {}), 0);
    assert.equal(recallAtK(["d1", "d1"], relevant, 2), 1 / 3);
    assert.equal(ndcg(["d1", "d1"], { d1: 1 }), 1);
    assert.throws(() => precisionAtK(ranking, relevant, 0), /k 0 is not a whole number of at least 1/);
  });

  it("rankings - recall grows with k, and to move what is relevant up is never worse", () =>
    fc.assert(
      fc.property(fc.shuffledSubarray(["a", "b", "c", "d", "e"], { minLength: 2 }), fc.nat(3), (ids, at) => {
        const wanted = ["a", "c"];
        for (let k = 1; k < 5; k++) assert.ok(recallAtK(ids, wanted, k) <= recallAtK(ids, wanted, k + 1));
        const place = at % (ids.length - 1);
        const swapped = ids.with(place, ids[place + 1] as string).with(place + 1, ids[place] as string);
        const isUp = wanted.includes(ids[place + 1] as string);
        if (isUp) assert.ok(averagePrecision(swapped, wanted) >= averagePrecision(ids, wanted) - 1e-12);
        if (isUp) assert.ok(ndcg(swapped, { a: 1, c: 1 }) >= ndcg(ids, { a: 1, c: 1 }) - 1e-12);
      }),
      RUNS,
    ));
});

describe("probabilities", () => {
  it("probabilities - by hand", () => {
    assert.equal(brierScore([1, 0, 0.5], [true, false, true]), 0.25 / 3);
    assert.ok(Math.abs(logLoss([0.5, 0.5], [true, false]) - Math.LN2) < 1e-12);
    assert.ok(Number.isFinite(logLoss([0, 1], [true, false])));
    assert.equal(multiclassBrier([[1, 0, 0]], [1]), 2);
    assert.equal(expectedCalibrationError([0.75, 0.75, 0.75, 0.75], [true, true, true, false]), 0);
  });

  it("probabilities - an edge belongs to the bin below it, 0 to the first", () => {
    const bins = reliabilityBins([0, 0.1, 0.2, 0.30000000000000004, 1], [true, true, true, true, true]);
    assert.deepEqual(
      bins.map(({ to, count }) => [to, count]),
      [
        [0.1, 2],
        [0.2, 1],
        [0.30000000000000004, 1],
        [1, 1],
      ],
    );
  });

  it("probabilities - what is wrong is named", () => {
    assert.throws(() => brierScore([1.5], [true]), /1\.5 is no probability/);
    assert.throws(() => brierScore([], []), /there are no probabilities/);
    assert.throws(() => logLoss([Number.NaN], [true]), /NaN is no probability/);
    assert.throws(() => multiclassBrier([[0.5, 0.4]], [0]), /row 0 sum to 0\.9/);
    assert.throws(() => multiclassBrier([[0.5, 0.5]], [2]), /row 0 has no class 2/);
  });
});

describe("JSON", () => {
  const wanted = { name: "Anna", items: ["tea", "milk"], total: 10 };
  const cases: [given: unknown, near: number, same: number][] = [
    [{ total: 10, items: ["tea", "milk"], name: "Anna" }, 1, 1],
    [{ name: "Anne", items: ["tea"], total: 10 }, (0.75 + 0.5 + 1) / 3, 1.5 / 3],
    [{ name: "Anna", items: ["tea", "milk"], total: 30 }, (1 + 1 + 0.5) / 3, 2 / 3],
    [{ ...wanted, more: null }, 3 / 4, 3 / 4],
    [[], 0, 0],
    ["Anna", 0, 0],
    [null, 0, 0],
  ];
  for (const [given, near, same] of cases) {
    it(`JSON - ${JSON.stringify(given)}`, () => {
      assert.equal(jsonSimilarity(wanted, given), near);
      assert.equal(jsonSimilarity(wanted, given, { leaves: "same" }), same);
      assert.equal(isSameJson(wanted, given), same === 1);
    });
  }

  it("JSON - from 0 to 1, the same both ways, 1 for itself", () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (one, other) => {
        const there = jsonSimilarity(one, other);
        assert.ok(there >= 0 && there <= 1);
        assert.ok(Math.abs(there - jsonSimilarity(other, one)) < 1e-12);
        assert.ok(Math.abs(jsonSimilarity(one, structuredClone(one)) - 1) < 1e-12);
        assert.ok(isSameJson(one, structuredClone(one)));
      }),
      RUNS,
    ));

  it("JSON - too deep is an error, and so nearly the same is not the same", () => {
    let [deep, twin]: [unknown, unknown] = [1, 2];
    for (let level = 0; level < 60; level++)
      [deep, twin] = [
        [deep, 0],
        [twin, 0],
      ];
    assert.equal(isSameJson(deep, twin), false);
    for (let level = 0; level < 100; level++) deep = [deep];
    assert.throws(() => jsonSimilarity(deep, deep), /nested deeper than 128 levels/);
  });
});

describe("intervals", () => {
  it("intervals - hold the mean, and are narrower with more scores", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 15 }),
        (scores) => {
          const options = { resamples: 400 };
          const { mean, low, high } = bootstrapInterval(scores, options);
          assert.ok(low <= mean + 1e-12 && mean <= high + 1e-12, `${low} ${mean} ${high}`);
          const many = bootstrapInterval(Array.from({ length: 20 }, () => scores).flat(), options);
          assert.ok(many.high - many.low <= high - low + 1e-12);
          assert.deepEqual(bootstrapInterval(scores, options), { mean, low, high, count: scores.length });
        },
      ),
      { ...RUNS, numRuns: 20 },
    ));

  it("intervals - Wilson's, by hand, and what is wrong", () => {
    const { low, high } = wilsonInterval(8, 10);
    assert.deepEqual([low.toFixed(4), high.toFixed(4)], ["0.4902", "0.9433"]);
    assert.deepEqual([wilsonInterval(0, 10).low, wilsonInterval(10, 10).high], [0, 1]);
    assert.throws(() => wilsonInterval(11, 10), /11 of 10 is no share/);
    assert.throws(() => bootstrapInterval([1], { seed: -1 }), /seed -1 is not a whole number/);
    assert.throws(() => bootstrapInterval([1], { level: 1 }), /level 1 is not between 0 and 1/);
    assert.throws(() => bootstrapInterval([]), /there are no scores/);
  });
});
