// Duplicates are found by what comparing every pair finds, and texts are written one way.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyText } from "../../../../tests/kit/any-text.ts";
import { cpuMs } from "../../../../tests/kit/cpu-time.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import { dedupe, duplicateGroups } from "./duplicates.ts";
import { estimateJaccard, minHash } from "./min-hash.ts";
import { normalizeText } from "./normalize.ts";
import { jaccard, shinglesOf } from "./shingles.ts";
import { hammingDistance, simHash } from "./sim-hash.ts";

const RUNS = { seed: 7, numRuns: 100 };
const sentence =
  "the town has a new tram which connects the station with the university and many people came to see it leave";

describe("duplicates", () => {
  it("duplicates - exact ones, once normalised", () => {
    const texts = ["The  Café", "the cafe\u0301", "other", "THE CAFÉ ", "Other."];
    assert.deepEqual(duplicateGroups(texts), [[0, 1, 3], [2], [4]]);
    assert.deepEqual(dedupe(texts, { normalize: { removePunctuation: true } }), ["The  Café", "other"]);
    assert.deepEqual(dedupe([]), []);
  });

  it("duplicates - near ones, by the words that they share", () => {
    const texts = [
      sentence,
      `${sentence} today`,
      sentence.replace("new", "second"),
      "Something else is said here.",
    ];
    assert.deepEqual(duplicateGroups(texts, { near: 0.8 }), [[0, 1], [2], [3]]);
    assert.deepEqual(duplicateGroups(texts, { near: 0.6 }), [[0, 1, 2], [3]]);
    assert.deepEqual(duplicateGroups(["?", "!", ""], { near: 0.5 }), [[0], [1], [2]]);
    assert.throws(() => duplicateGroups([], { near: 0.1 }), /near 0\.1 is not from 0\.5 to 1/);
  });

  it("duplicates - groups are those of comparing every pair", () => {
    const words = fc.array(fc.constantFrom(..."a b c d e".split(" ")), { minLength: 3, maxLength: 8 });
    const texts = fc.array(
      words.map((one) => one.join(" ")),
      { maxLength: 10 },
    );
    // At 0.9 a pair is overlooked once in 10^11: every found difference is a mistake.
    fc.assert(
      fc.property(texts, (list) => {
        assert.deepEqual(duplicateGroups(list, { near: 0.9 }), groupsByPairs(list, 0.9));
      }),
      RUNS,
    );
  });

  it("MinHash - tells the share of what is common", () => {
    const errors = [];
    for (let common = 0; common <= 100; common += 10) {
      const set = (from: number) => new Set(Array.from({ length: 100 }, (_, n) => `item ${n + from}`));
      const [one, other] = [set(0), set(100 - common)];
      errors.push(Math.abs(estimateJaccard(minHash(one), minHash(other)) - jaccard(one, other)));
    }
    assert.ok(Math.max(...errors) < 0.13, String(errors));
  });

  it("SimHash - differs in few bits where few words do", () => {
    const text = `${sentence} ${sentence.split(" ").reverse().join(" ")}`;
    assert.equal(hammingDistance(simHash(text), simHash(text.toUpperCase())), 0);
    assert.ok(hammingDistance(simHash(text), simHash(`${text} today`)) < 10);
    assert.ok(
      hammingDistance(simHash(sentence), simHash("words of another kind altogether, none of them above")) >
        15,
    );
    assert.equal(simHash(""), 0n);
  });

  it("thousands of texts - take little time, also where all are nearly the same", () => {
    const texts = Array.from({ length: 1_500 }, (_, n) => `${sentence} number ${n}`);
    const tookMs = cpuMs(() => assert.equal(duplicateGroups(texts, { near: 0.7 }).length, 1));
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
  });
});

function groupsByPairs(texts: readonly string[], near: number): number[][] {
  const groups: number[][] = [];
  for (const [at, text] of texts.entries()) {
    const like = groups.filter((group) =>
      group.some((other) => jaccard(shinglesOf(text), shinglesOf(texts[other] as string)) >= near),
    );
    const [first, ...rest] = like;
    if (first === undefined) groups.push([at]);
    else first.push(...rest.flat(), at);
    for (const group of rest) groups.splice(groups.indexOf(group), 1);
  }
  return groups.map((group) => group.sort((a, b) => a - b)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

describe("normalising", () => {
  const cases: [text: string, options: Parameters<typeof normalizeText>[1], wanted: string][] = [
    ["  Ｆｕｌｌ\twidth ﬁ ²", {}, "full width fi 2"],
    ["Straße ŒUVRE", {}, "strasse œuvre"],
    ["Straße", { foldCase: false }, "Straße"],
    ["Żółć, naïve", { removeMarks: true }, "zołc, naive"],
    ["a-b, c!", { removePunctuation: true }, "a b c"],
    ["a \n b", { joinSpaces: false }, "a \n b"],
    ["①", { form: "NFC" }, "①"],
    ["\u1e9b\u0323", { form: "NFC", foldCase: false }, "\u1e9b\u0323"],
    ["e\u0301", { form: "none", foldCase: false }, "e\u0301"],
  ];
  for (const [text, options, wanted] of cases)
    it(`normalising - ${JSON.stringify(text)} ${JSON.stringify(options)}`, () =>
      assert.equal(normalizeText(text, options), wanted));

  it("normalising - twice changes nothing", () =>
    fc.assert(
      fc.property(anyText, fc.boolean(), fc.boolean(), (text, removeMarks, removePunctuation) => {
        const once = normalizeText(text, { removeMarks, removePunctuation });
        const twice = normalizeText(once, { removeMarks, removePunctuation });
        assert.equal(normalizeText(twice, { removeMarks, removePunctuation }), twice);
      }),
      RUNS,
    ));
});
