// ROUGE and the stemmer give what rouge-score and NLTK give (fixtures/make_rouge.py says how the file was made).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cpuMs } from "../../../../tests/kit/cpu-time.ts";
import { porterStem } from "./porter-stemmer.ts";
import { type RougeType, rouge } from "./rouge.ts";

type Scores = Record<string, [precision: number, recall: number, f1: number]>;
interface Fixture {
  madeBy: Record<string, string>;
  stems: Record<string, string>;
  cases: { references: string[]; prediction: string; plain: Scores; stemmed: Scores }[];
}

const path = join(import.meta.dirname, "fixtures/rouge.json");
const fixture = JSON.parse(readFileSync(path, "utf8")) as Fixture;

describe("Porter stemmer", () => {
  it(`Porter stemmer - stems ${Object.keys(fixture.stems).length} words as NLTK does`, () => {
    const found = Object.fromEntries(Object.keys(fixture.stems).map((word) => [word, porterStem(word)]));
    assert.deepEqual(found, fixture.stems);
  });

  it("Porter stemmer - takes time that grows with the word", () => {
    const tookMs = cpuMs(() => {
      for (const letter of ["y", "a", "al", "ing"]) porterStem(letter.repeat(200_000));
    });
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
  });
});

describe("ROUGE", () => {
  for (const useStemmer of [false, true]) {
    it(`ROUGE - ${fixture.cases.length} texts as rouge-score has them, ${useStemmer ? "with" : "without"} stemmer`, () => {
      let compared = 0;
      for (const { references, prediction, plain, stemmed } of fixture.cases) {
        for (const [type, wanted] of Object.entries(useStemmer ? stemmed : plain)) {
          const { precision, recall, f1 } = rouge(type as RougeType, prediction, references, { useStemmer });
          for (const [at, score] of [precision, recall, f1].entries()) {
            const where = JSON.stringify({ type, prediction, references });
            assert.ok(Math.abs(score - (wanted[at] as number)) <= 1e-12, `${where}: ${score}, not ${wanted}`);
            compared++;
          }
        }
      }
      assert.ok(compared > 4_000);
    });
  }

  it("ROUGE - a text is itself, and texts in other scripts have no words", () => {
    const text = "Some words.\nMore words here, and more.";
    for (const type of ["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"] as const)
      assert.deepEqual(rouge(type, text, text), { precision: 1, recall: 1, f1: 1 });
    assert.equal(rouge("rouge1", "日本語", "日本語").f1, 0);
  });

  it("ROUGE - the best of several references counts", () => {
    assert.equal(rouge("rougeL", "the cat", ["a dog", "the cat", "cats"]).f1, 1);
    assert.throws(() => rouge("rougeL", "the cat", []), /there is no reference to compare with/);
    assert.throws(() => rouge("rouge0" as RougeType, "a", "a"), /"rouge0" is no type of ROUGE/);
  });
});
