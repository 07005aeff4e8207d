// Native metrics of labels, rankings and probabilities give what scikit-learn gives.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  averagePrecision,
  brierScore,
  type ClassificationReport,
  classificationReport,
  expectedCalibrationError,
  logLoss,
  multiclassBrier,
  multiclassLogLoss,
  ndcg,
  type Overlap,
  reciprocalRank,
  reliabilityBins,
} from "../../services/native/modules/metrics/mod.ts";
import { fc } from "../kit/fast-check.ts";
import { allClose, close, PythonReference } from "../kit/python-reference.ts";

const python = new PythonReference();
after(() => python[Symbol.asyncDispose]());

const RUNS = { numRuns: 150, seed: 7 };

describe("labels, rankings and probabilities as scikit-learn judges them", () => {
  const label = fc.constantFrom("a", "b", "c", "\u{1f600}", "\uffee");

  it("classification report", () => {
    const pairs = fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 20 });
    return fc.assert(
      fc.asyncProperty(pairs, fc.constantFrom(0 as const, 1 as const), async (drawn, zeroDivision) => {
        const truth = drawn.map(([one]) => one);
        const predicted = drawn.map(([, one]) => one);
        const found = classificationReport(truth, predicted, { zeroDivision });
        const wanted = await python.ask<ReportOfPython>("classification", truth, predicted, zeroDivision);
        assert.deepEqual(found.confusion, { labels: wanted.labels, matrix: wanted.matrix });
        close(found.accuracy, wanted.accuracy, "accuracy");
        close(found.balancedAccuracy, wanted.balanced, "balanced accuracy");
        close(found.cohenKappa, wanted.kappa, "kappa");
        close(found.matthewsCorrelation, wanted.mcc, "MCC");
        for (const [n, one] of found.classes.entries())
          allClose([...scores(one), one.support], wanted.classes[n] as number[], one.label);
        for (const [n, one] of averages(found).entries())
          allClose(scores(one), wanted.averages[n] as number[], "averages");
      }),
      { ...RUNS, numRuns: 50 },
    );
  });

  it("nDCG, average precision, reciprocal rank", () => {
    const documents = fc
      .uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 15 })
      .chain((ranks) =>
        fc.tuple(
          fc.constant(ranks),
          fc.array(fc.nat(3), { minLength: ranks.length, maxLength: ranks.length }),
        ),
      );
    return fc.assert(
      fc.asyncProperty(documents, fc.integer({ min: 1, max: 16 }), async ([ranks, gains], k) => {
        const ids = ranks.map((rank, n) => ({ id: `d${n}`, rank, gain: gains[n] as number }));
        const ranking = ids.toSorted((a, b) => b.rank - a.rank).map(({ id }) => id);
        const graded = Object.fromEntries(ids.map(({ id, gain }) => [id, gain]));
        close(ndcg(ranking, graded, { k }), await python.ask<number>("ndcg", gains, ranks, k), "nDCG");
        const relevant = ids.filter(({ gain }) => gain > 0).map(({ id }) => id);
        fc.pre(relevant.length > 0);
        const wanted = await python.ask<Record<string, number>>(
          "ranking",
          gains.map((gain) => Math.min(gain, 1)),
          ranks,
        );
        close(averagePrecision(ranking, relevant), wanted.averagePrecision as number, "average precision");
        close(reciprocalRank(ranking, relevant), wanted.reciprocalRank as number, "reciprocal rank");
      }),
      RUNS,
    );
  });

  it("Brier score, log loss, reliability", () => {
    const probability = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom(0, 0.1, 0.2, 0.3, 0.5, 0.7, 1),
    );
    const answers = fc.array(fc.tuple(probability, fc.boolean()), { minLength: 2, maxLength: 30 });
    return fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 20 }), async (drawn, bins) => {
        // scikit-learn wants both outcomes.
        const all: [number, boolean][] = [...drawn, [0.5, true], [0.25, false]];
        const probabilities = all.map(([one]) => one);
        const outcomes = all.map(([, one]) => one);
        const wanted = await python.ask<CalibrationOfPython>(
          "calibration",
          outcomes.map(Number),
          probabilities,
          bins,
        );
        close(brierScore(probabilities, outcomes), wanted.brier, "Brier score");
        close(logLoss(probabilities, outcomes), wanted.logLoss, "log loss");
        const found = reliabilityBins(probabilities, outcomes, bins);
        allClose(
          found.map(({ share }) => share),
          wanted.share,
          "share",
        );
        allClose(
          found.map(({ meanProbability }) => meanProbability),
          wanted.mean,
          "mean",
        );
        const gaps = found.map(
          ({ count }, n) => count * Math.abs((wanted.share[n] ?? 0) - (wanted.mean[n] ?? 0)),
        );
        const gap = gaps.reduce((sum, one) => sum + one, 0) / all.length;
        close(expectedCalibrationError(probabilities, outcomes, bins), gap, "calibration error");
      }),
      RUNS,
    );
  });

  it("Brier score and log loss of several classes", () => {
    const row = fc.tuple(fc.array(fc.nat(100), { minLength: 3, maxLength: 3 }), fc.nat(2));
    return fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 10 }), async (drawn) => {
        const rows = drawn.map(([weights]) => {
          const sum = weights.reduce((total, one) => total + one, 3);
          return weights.map((one) => (one + 1) / sum);
        });
        const truth = drawn.map(([, one]) => one);
        const wanted = await python.ask<{ brier: number; logLoss: number }>(
          "multiclass_calibration",
          truth,
          rows,
        );
        close(multiclassBrier(rows, truth), wanted.brier, "Brier score");
        close(multiclassLogLoss(rows, truth), wanted.logLoss, "log loss");
      }),
      { ...RUNS, numRuns: 60 },
    );
  });
});

interface ReportOfPython {
  labels: string[];
  accuracy: number;
  balanced: number;
  classes: number[][];
  averages: number[][];
  kappa: number | null;
  mcc: number;
  matrix: number[][];
}

interface CalibrationOfPython {
  brier: number;
  logLoss: number;
  share: number[];
  mean: number[];
}

function scores({ precision, recall, f1 }: Overlap): number[] {
  return [precision, recall, f1];
}

function averages({ macro, micro, weighted }: ClassificationReport): Overlap[] {
  return [macro, micro, weighted];
}
