// Searching texts and vectors: scores by their definitions, whatever is fast gives what is slow.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyText, phrase } from "../../../../tests/kit/any-text.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import { Bm25Index } from "./bm25.ts";
import { searchWords } from "./search-words.ts";
import { TopK } from "./top-k.ts";
import { VectorIndex, type VectorMeasure } from "./vectors.ts";

const RUNS = { seed: 7, numRuns: 200 };

describe("BM25", () => {
  const documents = ["the red tram", "a train", "trams and a tram, the tram line", ""];

  it("BM25 - by hand", () => {
    const [first, second, ...rest] = new Bm25Index(documents).search("tram");
    const idf = Math.log(1 + (4 - 2 + 0.5) / (2 + 0.5));
    const norm = (length: number) => 1.2 * (1 - 0.75 + (0.75 * length) / (12 / 4));
    assert.deepEqual(rest, []);
    assert.deepEqual(first, { index: 0, score: (idf * 2.2) / (1 + norm(3)) });
    assert.deepEqual(second, { index: 2, score: (idf * 2 * 2.2) / (2 + norm(7)) });
  });

  it("BM25 - equal ones by their order, no more than k, none without a word of the query", () => {
    const index = new Bm25Index(["b a", "a b", "c"]);
    assert.deepEqual(
      index.search("a").map((hit) => hit.index),
      [0, 1],
    );
    assert.deepEqual(
      index.search("a", 1).map((hit) => hit.index),
      [0],
    );
    assert.deepEqual(index.search("nothing of it"), []);
    assert.deepEqual(new Bm25Index([]).search("a"), []);
    assert.deepEqual(new Bm25Index(["", ""]).search("a"), []);
    assert.throws(() => index.search("a", 0), /k 0 is not/);
    assert.throws(() => new Bm25Index([], { b: 2 }), /b 2 is not a number from 0 to 1/);
  });

  it("BM25 - what more of a word, and of its synonyms in scripts, finds", () => {
    const index = new Bm25Index(["東京に行く", "ﬁne Straße", "STRASSE 2", "แมวดำ"]);
    assert.deepEqual(
      index.search("京都").map((hit) => hit.index),
      [0],
    );
    assert.deepEqual(
      index.search("strasse").map((hit) => hit.index),
      [1, 2],
    );
    assert.deepEqual(
      index.search("FINE").map((hit) => hit.index),
      [1],
    );
    assert.deepEqual(new Bm25Index(["ab cd"], { words: (text) => [...text] }).search("d").length, 1);
  });

  it("BM25 - scores are above 0, fall, and grow with a word said twice", () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(phrase, anyText), { maxLength: 8 }), phrase, (texts, query) => {
        const hits = new Bm25Index(texts).search(query, 100);
        for (const [n, { score }] of hits.entries())
          assert.ok(score > 0 && score <= (hits[n - 1]?.score ?? score));
        const twice = new Bm25Index(texts).search(`${query} ${query}`, 100);
        for (const { index, score } of hits) {
          const other = twice.find((hit) => hit.index === index)?.score ?? 0;
          assert.ok(Math.abs(other - 2 * score) < 1e-9);
        }
      }),
      RUNS,
    ));

  it("words - the same in every writing", () => {
    assert.deepEqual(searchWords("Ｆｕｌｌ ①st naïve_x"), ["full", "1st", "naïve", "x"]);
    assert.deepEqual(searchWords("..."), []);
  });
});

describe("the best k", () => {
  it("the best k - are those of sorting everything, in any order of offers", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 12 }), (scores, k) => {
        const offers = scores.map((score, index) => ({ index, score }));
        const wanted = offers.toSorted((a, b) => b.score - a.score || a.index - b.index).slice(0, k);
        for (const order of [offers, offers.toReversed()]) {
          const top = new TopK(k);
          for (const { score, index } of order) top.offer(score, index);
          assert.deepEqual(top.sorted(), wanted);
        }
      }),
      RUNS,
    ));
});

describe("vectors", () => {
  const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 });
  const definitions: Record<VectorMeasure, (one: number[], other: number[]) => number> = {
    dot,
    cosine: (one, other) => {
      const scale = Math.sqrt(dot(one, one)) * Math.sqrt(dot(other, other));
      return scale === 0 ? 0 : dot(one, other) / scale;
    },
    euclidean: (one, other) =>
      Math.sqrt(one.reduce((sum, value, at) => sum + (value - (other[at] as number)) ** 2, 0)),
  };
  for (const [measure, score] of Object.entries(definitions) as [VectorMeasure, typeof dot][]) {
    it(`vectors - ${measure} finds what looking at all finds`, () =>
      fc.assert(
        fc.property(
          fc.array(vector, { maxLength: 12 }),
          vector,
          fc.integer({ min: 1, max: 5 }),
          (vectors, query, k) => {
            const sign = measure === "euclidean" ? 1 : -1;
            const all = vectors.map((one, index) => ({ index, score: score(query, one) }));
            const wanted = all
              .toSorted((a, b) => sign * (a.score - b.score) || a.index - b.index)
              .slice(0, k);
            const found = new VectorIndex(vectors).search(query, k, measure);
            assert.equal(found.length, wanted.length);
            for (const [n, hit] of found.entries())
              assert.ok(Math.abs(hit.score - (wanted[n]?.score ?? 0)) < 1e-12);
            if (measure !== "cosine") assert.deepEqual(found, wanted);
          },
        ),
        RUNS,
      ));
  }

  it("vectors - what does not fit is an error, none find nothing", () => {
    assert.throws(() => new VectorIndex([[1, 2], [1]]), /vector 1 has 1 dimensions, the first one 2/);
    assert.throws(() => new VectorIndex([[1, Number.NaN]]), /vector 0 has NaN at 1/);
    assert.throws(() => new VectorIndex([[1, 1e300]]), /vector 0 has 1e\+300 at 1/);
    assert.throws(() => new VectorIndex([[1, 2]]).search([1]), /the query has 1 dimensions/);
    assert.deepEqual(new VectorIndex([]).search([1]), []);
  });
});

function dot(one: number[], other: number[]): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);
}
