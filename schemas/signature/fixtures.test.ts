// The examples that both languages read: schemas/fixtures/signatures/.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { RE2JS } from "re2js";
import { parseJson } from "../envelope/json.ts";
import { isJsonError } from "../envelope/json-error.ts";
import type { Signature } from "./ast.ts";
import { parseSignatureJson } from "./ast-schema.ts";
import type { Problem } from "./check.ts";
import { formatSignature, hashSignature } from "./format.ts";
import { parseSignature } from "./parse.ts";
import { patternProblem } from "./pattern-subset.ts";
import { isSignatureError } from "./signature-error.ts";
import { validateInputs, validateOutputs } from "./values.ts";

interface Valid {
  name: string;
  text: string;
  ast: Signature;
  canonical: string;
}
interface Invalid {
  name: string;
  text: string;
  offset: number;
  word: string;
  contains: string[];
}
interface Value {
  name: string;
  signature: string;
  side: "inputs" | "outputs";
  wire?: unknown;
  wireText?: string;
  valid: boolean;
  filled?: unknown;
  problems?: Problem[];
}
interface Patterns {
  accepted: { pattern: string; matches: string[]; misses: string[] }[];
  refused: string[];
}

function read<Content>(name: string): Content {
  return parseJson(readFileSync(new URL(`../fixtures/signatures/${name}.json`, import.meta.url))) as Content;
}

for (const { name, text, ast, canonical } of read<Valid[]>("valid")) {
  test(`valid text - ${name}`, () => {
    assert.deepEqual(parseSignature(text), ast);
    assert.equal(formatSignature(ast), canonical);
    assert.deepEqual(parseSignature(canonical), ast);
    assert.deepEqual(parseSignatureJson(ast), ast);
    assert.equal(hashSignature(parseSignature(text)), hashSignature(ast));
  });
}

for (const { name, text, offset, word, contains } of read<Invalid[]>("invalid")) {
  test(`invalid text - ${name}`, () => {
    assert.throws(
      () => parseSignature(text),
      (error) => {
        assert.ok(isSignatureError(error));
        assert.deepEqual({ offset: error.offset, word: error.word }, { offset, word });
        for (const part of contains) assert.ok(error.message.includes(part), error.message);
        assert.equal(error.code, "invalid_inputs");
        return true;
      },
    );
  });
}

for (const { name, signature, side, wire, wireText, valid, filled, problems } of read<Value[]>("values")) {
  test(`value - ${name}`, () => {
    const value = wireText === undefined ? wire : readable(wireText);
    if (value === REFUSED) return assert.equal(valid, false);
    const validate = side === "inputs" ? validateInputs : validateOutputs;
    const result = validate(parseSignature(signature), value);
    const expected = valid ? { ok: true, value: filled ?? value } : { ok: false, problems };
    assert.deepEqual(result, expected);
  });
}

const REFUSED = Symbol("refused by the JSON reader");

function readable(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    assert.ok(isJsonError(error));
    return REFUSED;
  }
}

const patterns = read<Patterns>("patterns");

for (const { pattern, matches, misses } of patterns.accepted) {
  test(`pattern - ${pattern.slice(0, 40)}`, () => {
    assert.equal(patternProblem(pattern), undefined);
    const engine = RE2JS.compile(pattern);
    for (const value of matches) assert.ok(engine.test(value), `matches ${JSON.stringify(value)}`);
    for (const value of misses) assert.ok(!engine.test(value), `misses ${JSON.stringify(value)}`);
  });
}

for (const pattern of patterns.refused) {
  test(`refused pattern - ${pattern.slice(0, 40)}`, () => {
    assert.match(patternProblem(pattern) ?? "", /^pattern /);
  });
}
