// What docs/native-modules.md shows of `dspex/text`.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Bm25Index,
  chunkText,
  dedupe,
  duplicateGroups,
  estimateTokens,
  normalizeText,
  tokenizerFor,
  tokenizerOf,
  VectorIndex,
} from "./mod.ts";

test("chunks and tokens", () => {
  const article = "One sentence. Another one here. Third.\n\nA new paragraph. And its end.";
  const countOfMyModel = (text: string) => text.split(" ").length;
  // #region chunks
  const tokenizer = tokenizerFor("o200k_base"); // or tokenizerOf(countOfMyModel)
  tokenizer.count("How many tokens is this?"); // 6
  estimateTokens("How many tokens is this?"); // 7, without a vocabulary

  const chunks = chunkText(article, tokenizer, { by: "sentences", size: 12, overlap: 4 });
  for (const { text, start, end } of chunks) assert.equal(text, article.slice(start, end));
  // #endregion
  assert.equal(tokenizer.count("How many tokens is this?"), 6);
  assert.equal(estimateTokens("How many tokens is this?"), 7);
  assert.deepEqual(
    chunks.map(({ text }) => text),
    ["One sentence. Another one here. Third.\n\n", "Third.\n\nA new paragraph. And its end."],
  );
  assert.equal(tokenizerOf(countOfMyModel).count("a b c"), 3);
});

test("searching", () => {
  // #region search
  const index = new Bm25Index(["the new tram", "a train", "tram after tram"]);
  index.search("TRAM", 2); // [{ index: 2, score: 0.624… }, { index: 0, score: 0.447… }]

  const vectors = new VectorIndex([
    [1, 0],
    [0.6, 0.8],
    [0, 1],
  ]); // Float32Array too
  vectors.search([1, 0], 2, "cosine"); // [{ index: 0, score: 1 }, { index: 1, score: 0.6 }]
  // #endregion
  assert.deepEqual(
    index.search("TRAM", 2).map(({ index: at, score }) => [at, score.toFixed(3)]),
    [
      [2, "0.624"],
      [0, "0.447"],
    ],
  );
  assert.deepEqual(
    vectors.search([1, 0], 2, "cosine").map(({ index: at, score }) => [at, score.toFixed(6)]),
    [
      [0, "1.000000"],
      [1, "0.600000"],
    ],
  );
});

test("duplicates", () => {
  const first = "The town has a new tram which connects the station with the university.";
  const again = "The town has a new tram which connects the station with the university, finally.";
  // #region duplicates
  normalizeText("  Ｓｔｒａßｅ  №1 "); // "strasse no1"
  dedupe(["The  Café", "the café", "other"]); // ["The  Café", "other"]
  duplicateGroups([first, again, "Something else."], { near: 0.8 }); // [[0, 1], [2]]
  // #endregion
  assert.equal(normalizeText("  Ｓｔｒａßｅ  №1 "), "strasse no1");
  assert.deepEqual(dedupe(["The  Café", "the café", "other"]), ["The  Café", "other"]);
  assert.deepEqual(duplicateGroups([first, again, "Something else."], { near: 0.8 }), [[0, 1], [2]]);
});
