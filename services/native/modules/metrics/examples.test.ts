// What docs/native-modules.md shows of `dspex/metrics`.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bootstrapDifference,
  classificationReport,
  corpusBleu,
  exactMatch,
  expectedCalibrationError,
  jsonSimilarity,
  meanReciprocalRank,
  ndcg,
  normalizedExactMatch,
  recallAtK,
  rouge,
  scoreInterval,
  sentenceChrf,
  tokenF1,
} from "./mod.ts";

test("answers", () => {
  // #region answers
  exactMatch("Paris", ["Paris", "Paris, France"]); // 1
  normalizedExactMatch("The Eiffel Tower!", "eiffel tower"); // 1
  tokenF1("Eiffel Tower is in Paris", "Paris"); // 0.333…
  rouge("rougeL", "the cat sat", "a cat sat down", { useStemmer: true }).f1; // 0.571…
  corpusBleu(["the cat sat on the mat"], [["a cat sat on the mat", "the cat is on the mat"]]).score; // 0 to 100
  sentenceChrf("colour", "color", { wordOrder: 2 }); // chrF++, 0 to 100
  jsonSimilarity({ name: "Anne", items: ["tea"] }, { name: "Anna", items: ["tea", "milk"] }); // 0.625
  // #endregion
  assert.equal(exactMatch("Paris", ["Paris", "Paris, France"]), 1);
  assert.equal(normalizedExactMatch("The Eiffel Tower!", "eiffel tower"), 1);
  assert.equal(tokenF1("Eiffel Tower is in Paris", "Paris").toFixed(3), "0.333");
  assert.equal(rouge("rougeL", "the cat sat", "a cat sat down", { useStemmer: true }).f1.toFixed(3), "0.571");
  assert.equal(
    jsonSimilarity({ name: "Anne", items: ["tea"] }, { name: "Anna", items: ["tea", "milk"] }),
    0.625,
  );
});

test("labels, rankings, probabilities", () => {
  // #region judged
  const truth = ["spam", "ham", "ham", "spam"];
  const predicted = ["spam", "ham", "spam", "spam"];
  const report = classificationReport(truth, predicted);
  report.accuracy; // 0.75
  report.classes[0]; // { label: "ham", precision: 1, recall: 0.5, f1: 0.666…, support: 2 }

  recallAtK(["d3", "d1", "d7"], ["d1", "d2"], 3); // 0.5
  meanReciprocalRank([["d3", "d1"], ["d2"]], [["d1"], ["d2"]]); // 0.75
  ndcg(["d3", "d1", "d7"], { d1: 3, d2: 1 }); // 0.521…

  expectedCalibrationError([0.9, 0.8, 0.3], [true, false, false]); // 0.4
  // #endregion
  assert.equal(report.accuracy, 0.75);
  assert.deepEqual(report.classes[0], { label: "ham", precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
  assert.equal(recallAtK(["d3", "d1", "d7"], ["d1", "d2"], 3), 0.5);
  assert.equal(meanReciprocalRank([["d3", "d1"], ["d2"]], [["d1"], ["d2"]]), 0.75);
  assert.equal(ndcg(["d3", "d1", "d7"], { d1: 3, d2: 1 }).toFixed(3), "0.521");
  assert.equal(expectedCalibrationError([0.9, 0.8, 0.3], [true, false, false]).toFixed(9), "0.400000000");
});

test("how sure", () => {
  const before = [0, 1, 0, 1, 0, 0, 1, 0];
  const after = [1, 1, 0, 1, 1, 0, 1, 1];
  // #region sure
  scoreInterval(after); // { mean: 0.75, low: 0.409…, high: 0.928…, count: 8 }
  bootstrapDifference(after, before); // { mean: 0.375, low: 0.125, high: 0.75, count: 8 }
  // #endregion
  const { mean, low, high } = scoreInterval(after);
  assert.deepEqual([mean, low.toFixed(3), high.toFixed(3)], [0.75, "0.409", "0.929"]);
  assert.deepEqual(bootstrapDifference(after, before), { mean: 0.375, low: 0.125, high: 0.75, count: 8 });
});
