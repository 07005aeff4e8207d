// Chunks are spans of the text that put it together again, none larger than asked, each with something new.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anyText, phrase } from "../../../../tests/kit/any-text.ts";
import { cpuMs } from "../../../../tests/kit/cpu-time.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import { codePointCount, codePointPlaces } from "./characters.ts";
import { type Chunk, type ChunkOptions, chunkText } from "./chunk.ts";
import { paragraphSpans, sentenceSpans, wordSpans } from "./spans.ts";
import { estimateTokens, tokenizerFor, tokenizerOf } from "./tokenizer.ts";

const RUNS = { seed: 7, numRuns: 200 };
const tokenizer = tokenizerFor();
const characters = tokenizerOf(codePointCount);
const prose = fc
  .array(fc.tuple(fc.oneof(phrase, anyText), fc.constantFrom(". ", "! ", "\n\n", "\n \r\n", "")), {
    maxLength: 8,
  })
  .map((parts) => parts.flat().join(""));

describe("chunks", () => {
  const sizes = fc.integer({ min: 4, max: 40 });
  for (const by of ["tokens", "sentences", "paragraphs"] as const) {
    for (const [name, counter] of [
      ["o200k", tokenizer],
      ["code points", characters],
    ] as const) {
      it(`chunks by ${by} in ${name} - put the text together again, fit, and each says something new`, () =>
        fc.assert(
          fc.property(prose, sizes, fc.nat(20), (text, size, repeated) => {
            const overlap = Math.min(repeated, size - 1);
            const chunks = chunkText(text, counter, { by, size, overlap });
            assert.equal(joined(chunks), text);
            let end = 0;
            for (const chunk of chunks) {
              assert.equal(chunk.text, text.slice(chunk.start, chunk.end));
              assert.ok(chunk.tokens <= size && chunk.start <= end && chunk.end > end);
              assert.ok(counter.count(text.slice(chunk.start, end)) <= overlap + size);
              end = chunk.end;
            }
            if (overlap === 0) assert.equal(chunks.map((chunk) => chunk.text).join(""), text);
          }),
          RUNS,
        ));
    }
  }

  const text = "One. Two is here. Three.\n\nFour.";
  const cases: [options: ChunkOptions, chunks: string[]][] = [
    [{ by: "sentences", size: 8 }, ["One. Two is here. ", "Three.\n\nFour."]],
    [{ by: "sentences", size: 8, overlap: 4 }, ["One. Two is here. ", "Three.\n\nFour."]],
    [{ by: "paragraphs", size: 50 }, [text]],
    [{ by: "paragraphs", size: 9 }, ["One. Two is here. Three.\n\n", "Four."]],
  ];
  for (const [options, wanted] of cases) {
    it(`chunks - ${JSON.stringify(options)}`, () =>
      assert.deepEqual(
        chunkText(text, tokenizer, options).map((chunk) => chunk.text),
        wanted,
      ));
  }

  it("chunks - an overlap repeats whole sentences where they fit", () => {
    const chunks = chunkText(
      "A b c. D e. F g h.",
      tokenizerOf((one) => one.split(" ").length),
      {
        by: "sentences",
        size: 8,
        overlap: 4,
      },
    );
    assert.deepEqual(
      chunks.map((chunk) => chunk.text),
      ["A b c. D e. ", "D e. F g h."],
    );
  });

  it("chunks - a character of more tokens than the size is a chunk all the same; nothing is no chunk", () => {
    assert.deepEqual(chunkText("", tokenizer, { by: "tokens", size: 1 }), []);
    const chunks = chunkText("\u{10fffd}\u{10fffd}", tokenizer, { by: "tokens", size: 1 });
    assert.deepEqual(
      chunks.map(({ start, end }) => [start, end]),
      [
        [0, 2],
        [2, 4],
      ],
    );
  });

  it("chunks - a size or an overlap that is none is an error", () => {
    assert.throws(() => chunkText("a", tokenizer, { by: "tokens", size: 0 }), /size 0 is not a whole number/);
    assert.throws(() => chunkText("a", tokenizer, { by: "tokens", size: 2, overlap: 2 }), /overlap 2 is not/);
  });
});

function joined(chunks: readonly Chunk[]): string {
  let text = "";
  for (const chunk of chunks) text += chunk.text.slice(text.length - chunk.start);
  return text;
}

describe("spans", () => {
  it("sentences and paragraphs - cover the text", () =>
    fc.assert(
      fc.property(prose, (text) => {
        for (const spans of [sentenceSpans(text), paragraphSpans(text)])
          assert.equal(spans.map(({ start, end }) => text.slice(start, end)).join(""), text);
      }),
      RUNS,
    ));

  it("paragraphs - end behind blank lines", () => {
    const text = "\n\nA\nb\n \t\n\nC\r\n\r\nD\n\n";
    const parts = paragraphSpans(text).map(({ start, end }) => text.slice(start, end));
    assert.deepEqual(parts, ["\n\nA\nb\n \t\n\n", "C\r\n\r\n", "D\n\n"]);
  });

  it("words - also where none are set apart", () => {
    const words = (text: string) => wordSpans(text).map(({ start, end }) => text.slice(start, end));
    assert.deepEqual(words("Don't stop, 3.5!"), ["Don't", "stop", "3.5"]);
    assert.deepEqual(words("日本語の文章"), ["日本語", "の", "文章"]);
  });

  it("places in code points - are those of Python", () =>
    fc.assert(
      fc.property(anyText, (text) => {
        const place = codePointPlaces(text);
        const points = [...text];
        for (let n = 0; n <= points.length; n++) assert.equal(place(points.slice(0, n).join("").length), n);
      }),
      RUNS,
    ));
});

describe("tokens", () => {
  it("tokens - units cover the text and weigh what it counts", () =>
    fc.assert(
      fc.property(prose, (text) => {
        const units = tokenizer.units(text);
        assert.equal(units.map(({ start, end }) => text.slice(start, end)).join(""), text);
        assert.equal(
          units.reduce((sum, { weight }) => sum + weight, 0),
          tokenizer.count(text),
        );
      }),
      RUNS,
    ));

  it("tokens - a million letters in a row take time that grows with them", () => {
    const tookMs = cpuMs(() => {
      for (const run of ["a", " ", "é", "?!"]) assert.ok(tokenizer.count(run.repeat(200_000)) > 0);
    });
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
  });

  it("tokens - an estimate goes by bytes; what is no text counts too", () => {
    assert.equal(estimateTokens("abcdefg"), 2);
    assert.equal(estimateTokens(""), 0);
    assert.equal(tokenizer.units("a\ud800b").at(-1)?.end, 3);
  });
});
