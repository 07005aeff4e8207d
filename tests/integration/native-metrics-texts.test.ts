// Native metrics of texts give what Python gives: dspy.evaluate, the metrics and intervals of dspex optimize, sacrebleu. Texts
// are drawn from scripts that both languages know.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import {
  bootstrapDifference,
  containsOutputs,
  corpusBleu,
  corpusChrf,
  editDistance,
  exactOutputs,
  f1Outputs,
  hotpotF1,
  jsonSimilarity,
  normalizeAnswer,
  normalizedExactMatch,
  scoreInterval,
  sentenceBleu,
  sentenceChrf,
  tokenF1,
} from "../../services/native/modules/metrics/mod.ts";
import {
  caseFold,
  codePointCount,
  splitSpaces,
  wordsIn,
} from "../../services/native/modules/text/characters.ts";
import { anyText, phrase } from "../kit/any-text.ts";
import { fc } from "../kit/fast-check.ts";
import { allClose, close, PythonReference } from "../kit/python-reference.ts";

const python = new PythonReference();
after(() => python[Symbol.asyncDispose]());

const RUNS = { numRuns: 150, seed: 7 };

describe("answers as dspy.evaluate compares them", () => {
  it("exact match, token F1, HotPot F1", () =>
    fc.assert(
      fc.asyncProperty(
        anyText,
        fc.array(anyText, { minLength: 1, maxLength: 3 }),
        async (prediction, texts) => {
          const references = [...texts, prediction.toUpperCase()].slice(-3);
          const wanted = await python.ask<Record<string, number> & { normalized: string }>(
            "answers",
            prediction,
            references,
          );
          assert.equal(normalizeAnswer(prediction), wanted.normalized);
          assert.equal(normalizedExactMatch(prediction, references) === 1, wanted.em);
          close(tokenF1(prediction, references), wanted.f1 as number, "F1");
          close(hotpotF1(prediction, references), wanted.hotpot as number, "HotPot F1");
        },
      ),
      RUNS,
    ));

  it("every character that Python knows", async () => {
    const table = await python.ask<
      Record<string, string[]> & { points: string; words: string; spaces: string }
    >("unicode_table");
    const points = [...table.points];
    const differing = (ours: (point: string) => string, theirs: string[] | undefined) =>
      points.filter((point, n) => ours(point) !== theirs?.[n]);
    assert.deepEqual(
      differing((point) => point.toLowerCase(), table.lower),
      [],
    );
    assert.deepEqual(differing(caseFold, table.folded), []);
    assert.deepEqual(
      differing((point) => point.normalize("NFD"), table.decomposed),
      [],
    );
    assert.deepEqual(
      differing((point) => point.normalize("NFKC"), table.compatible),
      [],
    );
    assert.equal(codePointCount(table.points), points.length);
    assert.equal(wordsIn(table.points).join(""), table.words);
    assert.equal(points.filter((point) => splitSpaces(point).length === 0).join(""), table.spaces);
  });
});

describe("metrics of dspex optimize", () => {
  const value = fc.oneof(
    anyText,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(phrase, { maxLength: 3 }),
  );
  const outputs = fc.dictionary(fc.constantFrom("answer", "label", "score"), value);

  it("exact, f1, contains", () =>
    fc.assert(
      fc.asyncProperty(outputs, outputs, fc.boolean(), async (wanted, other, isSame) => {
        // True is 1 in Python; whole sets of outputs that are the same come by chance too seldom.
        const given = isSame ? { ...other, ...wanted } : other;
        fc.pre(!Object.entries(wanted).some(([name, one]) => isTruth(one) !== isTruth(given[name])));
        allClose(
          [exactOutputs(wanted, given), f1Outputs(wanted, given), containsOutputs(wanted, given)],
          await python.ask<number[]>("outputs", wanted, given),
          "scores",
        );
      }),
      RUNS,
    ));

  it("intervals, drawn by the same chance", async () => {
    const scores = fc.array(fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(scores, fc.boolean(), async (drawn, isBinary) => {
        const list = isBinary ? drawn.map(Math.round) : drawn;
        const { mean, low, high, count } = scoreInterval(list);
        const wanted = await python.ask<Record<string, number>>("interval", list);
        allClose(
          [mean, low, high, count],
          ["mean", "low", "high", "count"].map((key) => wanted[key] as number),
          "interval",
        );
      }),
      { ...RUNS, numRuns: 40 },
    );
    const [one, other] = [
      [1, 0.5, 0.25, 1, 0],
      [0.5, 0.5, 0, 0.75, 0],
    ];
    assert.deepEqual(bootstrapDifference(one, other), await python.ask("difference", one, other));
  });
});

function isTruth(value: unknown): boolean {
  return typeof value === "boolean";
}

describe("BLEU and chrF as sacrebleu has them", () => {
  const text = fc.oneof(phrase, anyText);
  const segment = fc.record({ prediction: text, references: fc.array(text, { minLength: 1, maxLength: 3 }) });
  const corpus = fc.array(segment, { minLength: 1, maxLength: 4 });

  it("BLEU of corpora and sentences", () =>
    fc.assert(
      fc.asyncProperty(corpus, fc.boolean(), fc.boolean(), async (segments, lowercase, effectiveOrder) => {
        const predictions = segments.map(({ prediction }) => prediction);
        const references = segments.map((one) => one.references);
        const wanted = await python.ask<BleuOfPython>(
          "bleu",
          predictions,
          references,
          lowercase,
          effectiveOrder,
        );
        const found = corpusBleu(predictions, references, { lowercase, effectiveOrder });
        close(found.score, wanted.score, "BLEU");
        allClose(found.precisions, wanted.precisions, "precisions");
        close(found.brevityPenalty, wanted.bp, "brevity penalty");
        assert.deepEqual([found.predictionTokens, found.referenceTokens], wanted.lengths);
        const [first = "", texts = []] = [predictions[0], references[0]];
        const sentence = await python.ask<BleuOfPython>("bleu", [first], [texts], false, true);
        close(sentenceBleu(first, texts).score, sentence.score, "BLEU of a sentence");
      }),
      RUNS,
    ));

  it("chrF and chrF++ of corpora and sentences", () =>
    fc.assert(
      fc.asyncProperty(
        corpus,
        fc.boolean(),
        fc.constantFrom(0, 2),
        async (segments, lowercase, wordOrder) => {
          const predictions = segments.map(({ prediction }) => prediction);
          const references = segments.map((one) => one.references);
          const wanted = await python.ask<number>("chrf", predictions, references, wordOrder, lowercase);
          close(corpusChrf(predictions, references, { lowercase, wordOrder }), wanted, "chrF");
          const [first = "", texts = []] = [predictions[0], references[0]];
          const sentence = await python.ask<number>("chrf", [first], [texts], 2, false);
          close(sentenceChrf(first, texts, { wordOrder: 2 }), sentence, "chrF++ of a sentence");
        },
      ),
      RUNS,
    ));
});

interface BleuOfPython {
  score: number;
  precisions: number[];
  bp: number;
  lengths: [number, number];
}

describe("distances", () => {
  it("edit distance, in code points", () =>
    fc.assert(
      fc.asyncProperty(anyText, anyText, async (one, other) => {
        assert.equal(editDistance(one, other), await python.ask("edits", one, other));
        assert.equal(
          editDistance(one + other, other + one),
          await python.ask("edits", one + other, other + one),
        );
      }),
      RUNS,
    ));

  it("similarity of JSON", () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 3 }, tie("leaf"), tie("list"), tie("object")),
      list: fc.array(tie("tree"), { maxLength: 3 }),
      object: fc.dictionary(fc.constantFrom("a", "b", "ü", "__proto__"), tie("tree"), {
        noNullPrototype: false,
      }),
      leaf: fc.oneof(
        phrase,
        fc.integer({ min: -5, max: 5 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ),
    }));
    return fc.assert(
      fc.asyncProperty(tree, tree, async (one, other) => {
        const [a, b] = [JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other))];
        fc.pre(![a, b].some((value) => /e\+30/.test(JSON.stringify(value) ?? "")));
        close(jsonSimilarity(a, b), await python.ask<number>("json_similarity", a, b), "similarity");
      }),
      RUNS,
    );
  });
});
