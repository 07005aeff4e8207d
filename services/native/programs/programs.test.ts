// The shipped programs as an application sees them: what is declared, and what their functions say.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import config from "../../../dspex.config.ts";
import { type DatasetName, readDataset } from "../../../examples/datasets/read.ts";
import { parseSignature, signatureFromAst } from "../../../schemas/signature/mod.ts";
import { cpuMs } from "../../../tests/kit/cpu-time.ts";
import { definitionOf } from "../../programs/definition.ts";
import { summarizeByExtract } from "./extractive-summary.ts";
import { shippedPrograms } from "./mod.ts";
import { sentimentOf } from "./sentiment-lexicon.ts";
import { topicOf } from "./topic-lexicon.ts";

function shareRight(name: DatasetName, label: (text: string) => string): number {
  const rows = readDataset(name, "heldout");
  return rows.filter(({ inputs, outputs }) => label(inputs.text) === outputs.label).length / rows.length;
}

describe("shipped programs", () => {
  it("shipped programs - each can be registered and each native function is there", () => {
    const definitions = config.declarations.map(definitionOf);
    assert.deepEqual(
      definitions.map(({ name }) => name),
      [
        "echo",
        "echo-python",
        "calculator",
        "sentiment",
        "topic",
        "answer",
        "summarize",
        "extract",
        "solve",
        "score-text",
        "score-json",
        "score-labels",
        "score-ranking",
        "chunk-text",
        "search-text",
        "dedupe-texts",
        "render-template",
        "validate",
        "repair-json",
        "redact-pii",
      ],
    );
    const natives = definitions.flatMap(({ name, implementations }) =>
      implementations.filter(({ kind }) => kind === "native").map((one) => `${name}/${one.name}`),
    );
    assert.deepEqual([...config.functions.keys()], natives);
  });

  it("shipped programs - functions keep their signatures", async () => {
    const inputs: Record<string, Record<string, unknown>> = {
      "echo/inline": { text: "hello" },
      "calculator/exact": { expression: "17*23" },
      "sentiment/lexicon": { text: "I love it." },
      "topic/lexicon": { text: "The striker scored two goals." },
      "summarize/extractive": { text: "One thing. Another thing." },
      "score-text/native": { prediction: "the red cat", references: ["a cat", "red dogs"] },
      "score-json/native": { wanted: { a: 1, b: "x" }, given: { a: 3, b: "x" } },
      "score-labels/native": { truth: ["a", "a", "b"], predicted: ["a", "b", "b"] },
      "score-ranking/native": { ranking: ["x", "y", "z"], relevant: ["y"], k: 2 },
      "chunk-text/native": { text: "One thing. 😀 Another thing.", size: 4 },
      "search-text/native": { query: "cats", documents: ["dogs", "dogs and cats", "CATS"], k: 1 },
      "dedupe-texts/native": { texts: ["One", "two", "one "] },
      "render-template/native": { template: "<b>{{ x }}</b>", values: { x: "<" }, target: "html" },
      "validate/native": {
        value: "😀 1 + 1 = 3",
        checks: [{ check: "arithmetic" }, { check: "length", max: 3 }],
      },
      "repair-json/native": { text: "Sure: {'a': [1, 2,], b: None}" },
      "redact-pii/native": { value: ["😀 a@b.org"] },
    };
    const outputs: Record<string, unknown> = {};
    for (const [key, run] of config.functions) {
      const declaration = config.declarations.find(({ name }) => name === key.split("/")[0]);
      const signature = signatureFromAst(parseSignature(String(declaration?.signature)));
      const given = signature.inputs.decode(inputs[key]);
      const values = await run(given, { signal: new AbortController().signal, variables: {} });
      outputs[key] = signature.outputs.encode(values as Record<string, unknown>);
    }
    assert.deepEqual(outputs, {
      "echo/inline": { echo: "hello" },
      "calculator/exact": { result: 391, exact: "391" },
      "sentiment/lexicon": { label: "positive" },
      "topic/lexicon": { label: "sports" },
      "summarize/extractive": { summary: "One thing. Another thing." },
      "score-text/native": { score: 2 / 3 },
      "score-json/native": { similarity: 0.75, same: false },
      "score-labels/native": {
        accuracy: 2 / 3,
        balancedAccuracy: 0.75,
        macroF1: 2 / 3,
        weightedF1: 2 / 3,
        matthewsCorrelation: 0.5,
        cohenKappa: 0.4,
        classes: [
          { label: "a", precision: 1, recall: 0.5, f1: 2 / 3, support: 2 },
          { label: "b", precision: 0.5, recall: 1, f1: 2 / 3, support: 1 },
        ],
      },
      "score-ranking/native": {
        precisionAtK: 0.5,
        recallAtK: 1,
        ndcgAtK: 1 / Math.log2(3),
        reciprocalRank: 0.5,
        averagePrecision: 0.5,
      },
      "chunk-text/native": {
        chunks: [
          { text: "One thing. ", start: 0, end: 11, tokens: 4 },
          { text: "😀 Another thing.", start: 11, end: 27, tokens: 4 },
        ],
      },
      "search-text/native": { hits: [{ index: 2, score: 0.5619608610546839 }] },
      "dedupe-texts/native": { groups: [[0, 2], [1]], unique: ["One", "two"] },
      "render-template/native": { text: "<b>&lt;</b>" },
      "validate/native": {
        valid: false,
        score: 0,
        problems: [
          { path: "$", message: "1 + 1 is 2, not 3", span: { start: 2, end: 11 } },
          { path: "$", message: "expected at most 3 characters, got 11", span: null },
        ],
      },
      "repair-json/native": { value: { a: [1, 2], b: null }, how: "repaired" },
      "redact-pii/native": {
        redacted: ["😀 [EMAIL]"],
        found: [{ path: "$[0]", kind: "email", start: 2, end: 9 }],
      },
    });
  });

  it("shipped programs - an agent solves where a model can call tools, and only there", () => {
    const names = (programs: ReturnType<typeof shippedPrograms>) =>
      programs
        .find(({ declaration }) => declaration.name === "solve")
        ?.declaration.implementations.map((i) => i.name);
    assert.deepEqual(names(shippedPrograms()), ["extract-and-calculate"]);
    const models = {
      default: "small",
      models: { small: { model: "s" }, big: { model: "b", capabilities: { tools: true } } },
    };
    const [react] =
      shippedPrograms(models).find(({ declaration }) => declaration.name === "solve")?.declaration
        .implementations ?? [];
    assert.deepEqual([react?.name, react?.kind === "dspy" && react.model], ["react", "big"]);
  });
});

describe("sentiment lexicon", () => {
  const cases: [string, string][] = [
    ["I love it.", "positive"],
    ["It isn’t good.", "negative"],
    ["Not bad at all.", "positive"],
    ["The room was lovely, but the staff was rude and dirty.", "negative"],
    ["The bus goes to the harbour.", "negative"],
    ["", "negative"],
    ["NEVER AGAIN!!!", "negative"],
  ];
  for (const [text, label] of cases)
    it(`sentiment lexicon - ${JSON.stringify(text)} is ${label}`, () =>
      assert.equal(sentimentOf(text), label));

  it("sentiment lexicon - on sentences that it was not tuned on", () => {
    assert.ok(shareRight("sentiment", sentimentOf) >= 0.7);
  });
});

describe("topic lexicon", () => {
  const cases: [string, string][] = [
    ["The match was lost in the last minute of the season.", "sports"],
    ["Parliament voted on the reform.", "politics"],
    ["RESEARCHERS found a new species.", "science"],
    ["Investors sold their shares.", "business"],
    ["The match between the government and the opposition in parliament.", "politics"],
    ["Nothing that a word list knows.", "sports"],
    ["", "sports"],
  ];
  for (const [text, label] of cases)
    it(`topic lexicon - ${JSON.stringify(text)} is ${label}`, () => assert.equal(topicOf(text), label));

  it("topic lexicon - better than chance on sentences that it was not made for", () => {
    assert.ok(shareRight("topic", topicOf) >= 0.5);
  });
});

describe("extractive summary", () => {
  const text =
    "The town of Ulm has a new tram. It rained on Monday. The tram connects the station of the town with the university. " +
    "Many people watched. The new tram of the town was paid by the state.";
  it("extractive summary - sentences of the text that speak of what it speaks of, in order", () => {
    assert.equal(
      summarizeByExtract(text),
      "The town of Ulm has a new tram. The new tram of the town was paid by the state.",
    );
  });
  it("extractive summary - a short text is its own summary, white space is none", () => {
    assert.equal(summarizeByExtract(" Just this. "), "Just this.");
    assert.equal(summarizeByExtract("..."), "...");
    assert.equal(summarizeByExtract(" \n"), "");
  });
  it("extractive summary - half a megabyte takes well under a second", () => {
    const tookMs = cpuMs(() => assert.ok(summarizeByExtract(text.repeat(2_300)).length > 0));
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });
});
