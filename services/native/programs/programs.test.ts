// The shipped programs as an application sees them: what is declared, and what their functions say.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import config from "../../../dspex.config.ts";
import { type DatasetName, readDataset } from "../../../examples/datasets/read.ts";
import { parseSignature, signatureFromAst } from "../../../schemas/signature/mod.ts";
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
      ["echo", "echo-python", "calculator", "sentiment", "topic", "answer", "summarize", "extract", "solve"],
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
    };
    const outputs: Record<string, unknown> = {};
    for (const [key, run] of config.functions) {
      const declaration = config.declarations.find(({ name }) => name === key.split("/")[0]);
      const signature = signatureFromAst(parseSignature(String(declaration?.signature)));
      const given = signature.inputs.decode(inputs[key]);
      const values = await run(given, { signal: new AbortController().signal });
      outputs[key] = signature.outputs.encode(values as Record<string, unknown>);
    }
    assert.deepEqual(outputs, {
      "echo/inline": { echo: "hello" },
      "calculator/exact": { result: 391, exact: "391" },
      "sentiment/lexicon": { label: "positive" },
      "topic/lexicon": { label: "sports" },
      "summarize/extractive": { summary: "One thing. Another thing." },
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
    const start = performance.now();
    assert.ok(summarizeByExtract(text.repeat(2_300)).length > 0);
    assert.ok(performance.now() - start < 2_000);
  });
});
