// Metrics of texts: what holds of every pair of texts, and cases by hand. That the numbers are those of dspy.evaluate,
// sacrebleu and rouge-score say tests/integration/native-metrics-texts.test.ts and rouge.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyText, phrase } from "../../../../tests/kit/any-text.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import {
  corpusBleu,
  corpusChrf,
  editDistance,
  editSimilarity,
  exactMatch,
  hotpotF1,
  normalizeAnswer,
  normalizedExactMatch,
  scoreText,
  sentenceBleu,
  sentenceChrf,
  TEXT_METRICS,
  tokenF1,
  tokenOverlap,
  tokens13a,
} from "./mod.ts";

const RUNS = { seed: 7, numRuns: 200 };

describe("every metric of texts", () => {
  for (const metric of TEXT_METRICS) {
    it(`${metric} - is from 0 to 1, and more references never make it less`, () =>
      fc.assert(
        fc.property(anyText, anyText, anyText, (prediction, one, other) => {
          const score = scoreText(metric, prediction, one);
          assert.ok(score >= 0 && score <= 1, String(score));
          // BLEU takes its length from the nearest reference.
          if (metric !== "bleu") assert.ok(scoreText(metric, prediction, [one, other]) >= score);
        }),
        RUNS,
      ));

    it(`${metric} - is 1 for the text itself`, () => {
      for (const text of ["in Berlin", "the cat sat on the mat", "Straße 7, 10115 Berlin"])
        assert.ok(Math.abs(scoreText(metric, text, ["no", text]) - 1) < 1e-12);
    });
  }

  it("without references - is an error", () => {
    assert.throws(() => scoreText("token-f1", "a", []), { code: "invalid_inputs", message: /no reference/ });
  });
});

describe("answers", () => {
  const cases: [prediction: string, reference: string, exact: number, normalized: number, f1: number][] = [
    ["Paris", "Paris", 1, 1, 1],
    ["The Eiffel Tower!", "eiffel tower", 0, 1, 1],
    ["Eiffel Tower is in Paris", "Paris", 0, 0, 1 / 3],
    ["", "", 1, 1, 0],
    ["the", "a an", 0, 1, 0],
    ["naïve café", "NAÏVE  CAFÉ", 0, 1, 1],
    ["Thé vert", "vert", 0, 0, 2 / 3],
    ["東京", "東京 都", 0, 0, 2 / 3],
  ];
  for (const [prediction, reference, exact, normalized, f1] of cases) {
    it(`answers - ${JSON.stringify(prediction)} for ${JSON.stringify(reference)}`, () => {
      assert.equal(exactMatch(prediction, reference), exact);
      assert.equal(normalizedExactMatch(prediction, reference), normalized);
      assert.ok(
        Math.abs(tokenF1(prediction, reference) - f1) < 1e-12,
        String(tokenF1(prediction, reference)),
      );
    });
  }

  it("answers - normalising twice changes nothing, F1 is the same both ways", () =>
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        // Marks may be reordered next to letters only once punctuation is gone.
        const plain = normalizeAnswer(normalizeAnswer(one));
        assert.equal(normalizeAnswer(plain), plain);
        assert.ok(Math.abs(tokenF1(one, other) - tokenF1(other, one)) < 1e-12);
        const [there, back] = [tokenOverlap(one, other), tokenOverlap(other, one)];
        assert.equal(there.precision, back.recall);
      }),
      RUNS,
    ));

  it("answers - yes and no match themselves only, for HotPot", () => {
    assert.equal(hotpotF1("yes it is", "yes"), 0);
    assert.ok(tokenF1("yes it is", "yes") > 0);
    assert.equal(hotpotF1("Yes.", ["no", "yes"]), 1);
  });
});

describe("BLEU and chrF", () => {
  it("BLEU - tokens of 13a", () => {
    assert.deepEqual(tokens13a('He said: "3.5, i.e. 1,000-odd" &amp; left.'), [
      ...'He said : " 3.5 , i . e . 1,000 - odd " & left .'.split(" "),
    ]);
  });

  it("BLEU - a corpus is no mean of its sentences", () => {
    const predictions = ["the cat sat on the mat", "a dog"];
    const references = ["the cat sat on a mat", "the dog barked"];
    const mean =
      predictions.reduce((sum, one, n) => sum + sentenceBleu(one, references[n] ?? "").score, 0) / 2;
    assert.notEqual(corpusBleu(predictions, references).score, mean);
    assert.equal(corpusBleu(predictions, predictions).brevityPenalty, 1);
  });

  it("corpora - need as many references, and some", () => {
    assert.throws(() => corpusBleu(["a"], []), /as many predictions as references are needed: 1 and 0/);
    assert.throws(() => corpusChrf([], []), /there are no predictions/);
    assert.throws(() => corpusChrf(["a"], [[]]), /there is no reference/);
  });

  it("chrF - spacing does not matter, characters do", () => {
    assert.equal(sentenceChrf("ab cd", "a bcd"), 100);
    assert.ok(sentenceChrf("colour", "color") > sentenceChrf("shade", "color"));
    assert.ok(sentenceChrf("ab cd", "a bcd", { wordOrder: 2 }) < 100);
  });
});

describe("edit distance", () => {
  const cases: [one: string, other: string, distance: number][] = [
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["😀", "", 1],
    ["a😀c", "a😃c", 1],
    ["é", "e\u0301", 2],
    ["x".repeat(100), "x".repeat(70), 30],
  ];
  for (const [one, other, distance] of cases)
    it(`edit distance - ${one.slice(0, 9)} to ${other.slice(0, 9)} is ${distance}`, () =>
      assert.equal(editDistance(one, other), distance));

  it("edit distance - is a distance", () =>
    fc.assert(
      fc.property(phrase, anyText, anyText, (one, other, third) => {
        const direct = editDistance(one, other);
        assert.equal(direct, editDistance(other, one));
        assert.ok(direct <= editDistance(one, third) + editDistance(third, other));
        assert.equal(direct === 0, one === other);
        assert.ok(editSimilarity(one, other) >= 0);
      }),
      RUNS,
    ));
});
