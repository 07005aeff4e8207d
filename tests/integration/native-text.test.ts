// Native texts and the programs that ship give what Python gives: tokens as tiktoken has them, sentences by Unicode's rules,
// and each program what its twin in python-modules/ answers.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { parseSignature, signatureFromAst } from "../../schemas/signature/mod.ts";
import { TEXT_METRICS } from "../../services/native/modules/metrics/mod.ts";
import { tokenizerFor } from "../../services/native/modules/text/mod.ts";
import { chunkTextProgram } from "../../services/native/programs/chunk-text.ts";
import { dedupeTextsProgram } from "../../services/native/programs/dedupe-texts.ts";
import { scoreJsonProgram } from "../../services/native/programs/score-json.ts";
import { scoreLabelsProgram } from "../../services/native/programs/score-labels.ts";
import { scoreRankingProgram } from "../../services/native/programs/score-ranking.ts";
import { scoreTextProgram } from "../../services/native/programs/score-text.ts";
import { searchTextProgram } from "../../services/native/programs/search-text.ts";
import type { DefinedProgram } from "../../services/programs/define.ts";
import { anyText, phrase } from "../kit/any-text.ts";
import { fc } from "../kit/fast-check.ts";
import { close, PythonReference } from "../kit/python-reference.ts";

const python = new PythonReference();
after(() => python[Symbol.asyncDispose]());

const RUNS = { numRuns: 200, seed: 7 };
const encoding = fc.constantFrom("o200k_base" as const, "cl100k_base" as const);
const prose = fc
  .array(fc.oneof({ weight: 3, arbitrary: phrase }, { weight: 1, arbitrary: anyText }), { maxLength: 8 })
  .chain((parts) =>
    fc
      .array(
        fc.constantFrom(". ", "! ", "? ", "... ", ".\n", "\n\n", " \n \n", ". Then ", ".5 ", "e.g. this. "),
        {
          minLength: parts.length,
          maxLength: parts.length,
        },
      )
      .map((ends) => parts.map((part, n) => part + ends[n]).join("")),
  );

/** What a native program answers, through its signature: inputs checked, defaults filled in, outputs as on the wire. */
async function native({ declaration, functions }: DefinedProgram, inputs: Record<string, unknown>) {
  const signature = signatureFromAst(parseSignature(String(declaration.signature)));
  const run = functions.get(`${declaration.name}/native`);
  const context = { signal: new AbortController().signal, variables: {} };
  const given = signature.inputs.decode(inputs);
  const outputs = (await run?.(given, context)) as Record<string, unknown>;
  return { given, outputs: signature.outputs.encode(outputs) as Record<string, unknown> };
}

describe("tokens", () => {
  it("tokens - as many as tiktoken has", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(prose, anyText), encoding, async (text, name) => {
        assert.equal(tokenizerFor(name).count(text), await python.ask("token_counts", text, name));
      }),
      RUNS,
    ));

  it("tokens - of special tokens, byte order marks and what is not in the vocabulary", async () => {
    for (const text of [
      "<|endoftext|><|im_start|>",
      "\ufeffa\ufffd\u0000",
      "\u{10fffd}".repeat(9),
      "a".repeat(512),
    ]) {
      for (const name of ["o200k_base", "cl100k_base"] as const)
        assert.equal(tokenizerFor(name).count(text), await python.ask("token_counts", text, name));
    }
  });
});

const programs = [
  scoreTextProgram,
  scoreJsonProgram,
  scoreLabelsProgram,
  scoreRankingProgram,
  chunkTextProgram,
  searchTextProgram,
  dedupeTextsProgram,
];

/** A program and its twin answer the same to any inputs; numbers to within 1e-9. */
function same(program: DefinedProgram, inputs: fc.Arbitrary<Record<string, unknown>>): Promise<void> {
  const { name } = program.declaration;
  return fc.assert(
    fc.asyncProperty(inputs, async (asked) => {
      const { given, outputs } = await native(program, asked);
      const wanted = await python.ask("twin", name.replace("-", "_"), name, given);
      assert.deepEqual(rounded(outputs), rounded(wanted));
    }),
    RUNS,
  );
}

function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, member: unknown) =>
    typeof member === "number" ? Number(member.toFixed(9)) : member,
  );
}

describe("programs and their twins", () => {
  it("score-text - the same scores", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(prose, anyText),
        fc.array(fc.oneof(prose, anyText), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...TEXT_METRICS),
        async (prediction, references, metric) => {
          const { given, outputs } = await native(scoreTextProgram, { prediction, references, metric });
          const wanted = await python.ask<{ score: number }>("twin", "score_text", "score-text", given);
          close(outputs.score as number, wanted.score, metric);
        },
      ),
      { ...RUNS, numRuns: 400 },
    ));

  it("chunk-text - the same chunks", () =>
    fc.assert(
      fc.asyncProperty(
        prose,
        fc.constantFrom("sentences", "paragraphs", "tokens"),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(10),
        encoding,
        async (text, by, size, repeated, name) => {
          const inputs = { text, by, size, overlap: Math.min(repeated, size - 1), encoding: name };
          const { given, outputs } = await native(chunkTextProgram, inputs);
          assert.deepEqual(outputs, await python.ask("twin", "chunk_text", "chunk-text", given));
        },
      ),
      RUNS,
    ));

  it("chunk-text - the same of long runs without a space", async () => {
    const text = `${"ab".repeat(700)} ${"é".repeat(1_025)}${" ".repeat(600)}${"?!".repeat(513)}${"7".repeat(999)}`;
    const { given, outputs } = await native(chunkTextProgram, { text, by: "tokens", size: 50, overlap: 10 });
    assert.deepEqual(outputs, await python.ask("twin", "chunk_text", "chunk-text", given));
    await assert.rejects(native(chunkTextProgram, { text, size: 3, overlap: 3 }), /overlap 3 is not a whole/);
    const asked = python.ask("twin", "chunk_text", "chunk-text", { ...given, size: 3, overlap: 3 });
    await assert.rejects(asked, /invalid_inputs.*overlap 3 is not a whole/);
  });

  it("search-text - the same hits", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(phrase, anyText),
        fc.array(fc.oneof(phrase, anyText), { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (query, documents, k) => {
          const { given, outputs } = await native(searchTextProgram, { query, documents, k });
          const found = outputs.hits as { index: number; score: number }[];
          const wanted = await python.ask<{ hits: typeof found }>(
            "twin",
            "search_text",
            "search-text",
            given,
          );
          assert.deepEqual(
            found.map(({ index }) => index),
            wanted.hits.map(({ index }) => index),
          );
          for (const [n, { score }] of found.entries()) close(score, wanted.hits[n]?.score, "score");
        },
      ),
      RUNS,
    ));

  it("dedupe-texts - the same groups", () => {
    const words = "the town has a new tram which connects station and university".split(" ");
    const sentence = fc
      .array(fc.constantFrom(...words), { maxLength: 3 })
      .map((more) => [...words, ...more].join(" "));
    const texts = fc.array(fc.oneof(sentence, phrase, anyText), { maxLength: 8 });
    const near = fc.constantFrom(undefined, 0.5, 0.7, 0.9, 1);
    return same(
      dedupeTextsProgram,
      fc.tuple(texts, near).map(([list, share]) => ({ texts: list, ...(share && { near: share }) })),
    );
  });

  it("score-labels - the same report", () => {
    const label = fc.constantFrom("a", "b", "\u{1f600}", "\uffee", "");
    const pairs = fc.array(fc.tuple(label, label), { minLength: 1, maxLength: 15 });
    return same(
      scoreLabelsProgram,
      pairs.map((drawn) => ({ truth: drawn.map(([one]) => one), predicted: drawn.map(([, one]) => one) })),
    );
  });

  it("score-ranking - the same scores", () => {
    const ids = fc.array(fc.constantFrom(..."abcdefgh", "__proto__"), { maxLength: 8 });
    return same(
      scoreRankingProgram,
      fc.record({ ranking: ids, relevant: ids, k: fc.integer({ min: 1, max: 9 }) }),
    );
  });

  it("score-json - the same similarity", () => {
    const value = fc.jsonValue({ maxDepth: 3 }).map((one) => JSON.parse(JSON.stringify(one)) as unknown);
    const nearly = fc.tuple(value, value).map(([one, other]) => [
      { a: one, b: [1, "x", true] },
      { b: [1.5, "y", 1], a: other },
    ]);
    return same(
      scoreJsonProgram,
      fc
        .tuple(fc.oneof(fc.tuple(value, value), nearly), fc.constantFrom("near", "same"))
        .map(([[wanted, given], leaves]) => ({ wanted, given, leaves })),
    );
  });

  it("twins - are declared with the signatures of the native programs", async () => {
    for (const { declaration } of programs) {
      const module = declaration.name.replace("-", "_");
      assert.equal(await python.ask("twin_signature", module, declaration.name), declaration.signature);
    }
  });
});
