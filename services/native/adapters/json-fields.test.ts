// What comes out adds up to the outputs, wherever the model's text is cut, and each beginning of it is a value.

import assert from "node:assert/strict";
import { it } from "node:test";
import { canonicalJson, parseJson, stringifyJson } from "../../../schemas/envelope/json.ts";
import { signatures, valuesOf } from "../../../schemas/signature/arbitraries.ts";
import { encodeOutputs, parseSignature } from "../../../schemas/signature/mod.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { closedJson } from "../../client/partial-json.ts";
import { type FieldPiece, JsonFields } from "./json-fields.ts";

function pieces(signature: string, ...texts: string[]): [string, string][] {
  const fields = new JsonFields(parseSignature(signature).outputs);
  return texts.flatMap((text) => fields.feed(text)).map(({ field, text }) => [field, text]);
}

it("a str - is handed on as text, escapes resolved", () => {
  assert.deepEqual(pieces("q: str -> answer: str", '{"answer": "Pa', "ris \\", 'n\\u00e9"}'), [
    ["answer", "Pa"],
    ["answer", "ris "],
    ["answer", "\né"],
  ]);
});

it("other types - are handed on as JSON that ends in whole values", () => {
  const text = "q: str -> people: list[{name: str, age: int, role: Literal['boss', 'clerk']}]";
  const given = pieces(text, '{"people": [{"na', 'me": "A', 'da", "age": 3', '6, "role": "bo', 'ss"} ', "]}");
  assert.deepEqual(given, [
    ["people", "[{"],
    ["people", '"name": "A'],
    ["people", 'da"'],
    ["people", ', "age": 36'],
    ["people", ', "role": "boss"}'],
    ["people", "]"],
  ]);
});

it("a string that is no free text - comes whole, as text", () => {
  const text = "q: str -> mood: Literal['good', 'bad'], day: date, rest: Any";
  assert.deepEqual(pieces(text, '{"mood": "go', 'od", "day": "2026-1', '1-24", "rest": "an', 'y"}'), [
    ["mood", "good"],
    ["day", "2026-11-24"],
    ["rest", "an"],
    ["rest", "y"],
  ]);
});

it("words around it and members that are no outputs - are left out", () => {
  assert.deepEqual(pieces("q: str -> a: int", 'Sure!\n```json\n{"why": ["{"], "a": 4', "2}\n```"), [
    ["a", "42"],
  ]);
});

it("surrogates - come in pairs", () => {
  assert.deepEqual(pieces("q: str -> a: str", '{"a": "\\ud83d', "\\ude00", ' \\ud83d"}'), [
    ["a", "\u{1f600}"],
    ["a", " \ufffd"],
  ]);
});

it("a text without an object, and one that is nested too deep - give nothing or an end, never an error", () => {
  assert.deepEqual(pieces("q: str -> a: str", '"positive"'), []);
  const [first] = pieces("q: str -> a: list[Any]", `{"a": ${"[".repeat(10_000)}`);
  assert.equal(first?.[1].length, 64);
});

function written(wire: Record<string, unknown>, indent: number): string {
  try {
    return JSON.stringify(wire, null, indent);
  } catch {
    return stringifyJson(wire); // it has bigints
  }
}

it("any outputs, cut anywhere - add up, and each beginning closes to values", () => {
  const cases = signatures.chain((ast) =>
    fc.record({
      ast: fc.constant(ast),
      values: valuesOf(ast.outputs),
      size: fc.integer({ min: 1, max: 9 }),
      indent: fc.constantFrom(0, 2),
    }),
  );
  fc.assert(
    fc.property(cases, ({ ast, values, size, indent }) => {
      const wire = encodeOutputs(ast, values);
      const text = written(wire, indent);
      const fields = new JsonFields(ast.outputs);
      const found = new Map<string, FieldPiece>();
      for (let at = 0; at < text.length; at += size) {
        for (const piece of fields.feed(text.slice(at, at + size))) {
          const before = found.get(piece.field);
          assert.equal(before?.json ?? piece.json, piece.json);
          const all = { ...piece, text: `${before?.text ?? ""}${piece.text}` };
          found.set(piece.field, all);
          if (piece.json) parseJson(closedJson(all.text));
        }
      }
      for (const [name, value] of Object.entries(wire)) {
        const piece = found.get(name);
        // An empty text has no pieces.
        if (piece === undefined) assert.equal(value, "");
        else if (piece.json) assert.equal(canonicalJson(parseJson(piece.text)), canonicalJson(value));
        else assert.equal(piece.text, value);
      }
    }),
    { numRuns: 150 },
  );
});
