// What a definition's validators may say, and what is told of those that do not fit.

import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf } from "./definition.ts";

const SIGNATURE = `documents: list[str], named: list[{id: str, text: str}], figures: dict[str, float], n: int
  -> summary: str, count: int, lines: list[{text: str, mail: str | None}], scores: dict[str, float], free: Any`;
const summary = { output: "summary", onFailure: "fail" };

function define(...validators: object[]) {
  const implementations = [{ name: "a", kind: "native" }];
  return definitionOf({ name: "p", signature: SIGNATURE, implementations, validators });
}

test("validators - are registered as they are declared, each with a name", () => {
  const { validators, version } = define(
    { ...summary, kind: "length", options: { unit: "words", max: 60 } },
    { ...summary, kind: "length", options: { min: 1 } },
    {
      name: "mails",
      output: "lines[].mail",
      kind: "format",
      options: { format: "email" },
      onFailure: "score",
    },
  );
  assert.deepEqual(
    validators?.map(({ name }) => name),
    ["summary-length", "summary-length-2", "mails"],
  );
  assert.deepEqual(validators?.[0], {
    name: "summary-length",
    output: "summary",
    kind: "length",
    options: { unit: "words", max: 60 },
    onFailure: "fail",
  });
  // What is registered can be registered again.
  assert.equal(define(...validators).version, version);
});

test("validators - none is the same as an empty list, and as a definition from before there were any", () => {
  const before = { name: "p", signature: SIGNATURE, implementations: [{ name: "a", kind: "native" }] };
  assert.equal(define().version, definitionOf(before).version);
  assert.equal("validators" in define(), false);
});

for (const options of [
  { kind: "citations", options: { sourcesFrom: "documents" } },
  { kind: "quotes", options: { sourcesFrom: "named", minWords: 2 } },
  { kind: "table", options: { valuesFrom: "figures" } },
  { kind: "any", options: { of: [{ check: "at", path: "a[0]", of: { check: "pii" } }, { check: "json" }] } },
  { kind: "schema", options: { schema: { $ref: "#/$defs/a", $defs: { a: { type: "string" } } } } },
  { kind: "language", options: { languages: ["en", "ja"] } },
  { kind: "pii" },
])
  test(`validators - ${JSON.stringify(options)} fits`, () =>
    assert.equal(define({ ...summary, ...options }).validators?.length, 1));

const wrong: [name: string, validator: object, message: RegExp, path: string][] = [
  [
    "an output that there is not",
    { output: "summry", kind: "pii" },
    /"summry-pii": "summry" is no output of the signature, it has: summary, count/,
    "output",
  ],
  [
    "a member that there is not",
    { output: "lines[].to", kind: "pii" },
    /"to" is no member of outputs\.lines\[\], it has: text, mail/,
    "output",
  ],
  [
    "a part of a text",
    { output: "summary.first", kind: "pii" },
    /outputs\.summary is str, it has no member "first"/,
    "output",
  ],
  [
    "an item of an object",
    { output: "lines[0][1]", kind: "pii" },
    /outputs\.lines\[0\] is object, it has no items/,
    "output",
  ],
  [
    "a text's check of a number",
    { output: "count", kind: "length", options: { max: 1 } },
    /length is for text, outputs\.count is int/,
    "kind",
  ],
  [
    "a text's check of a list",
    { output: "lines", kind: "format", options: { format: "url" } },
    /format is for text, outputs\.lines is list of object/,
    "kind",
  ],
  [
    "personal data in numbers",
    { output: "scores", kind: "pii" },
    /pii is for text, or values with text in them/,
    "kind",
  ],
  [
    "one of several of a number",
    { output: "count", kind: "any", options: { of: [{ check: "totals" }] } },
    /any of totals is for text/,
    "kind",
  ],
  [
    "an option that the kind does not have",
    { kind: "length", options: { least: 1 } },
    /Unrecognized key: "least" at options/,
    "options",
  ],
  ["an option that is missing", { kind: "format" }, /at options\.format/, "options.format"],
  [
    "a length without bounds",
    { kind: "length", options: { unit: "words" } },
    /length needs min or max/,
    "options",
  ],
  ["bounds that cross", { kind: "length", options: { min: 3, max: 2 } }, /min 3 is above max 2/, "options"],
  [
    "a pattern that is none",
    { kind: "pattern", options: { pattern: "(?=a)" } },
    /pattern has "\(\?="/,
    "options",
  ],
  [
    "a pattern in one of several",
    { kind: "any", options: { of: [{ check: "pattern", pattern: "(" }] } },
    /unclosed "\("/,
    "options",
  ],
  [
    "a pattern at a place",
    { kind: "any", options: { of: [{ check: "at", path: "a", of: { check: "pattern", pattern: "(" } }] } },
    /unclosed "\("/,
    "options",
  ],
  [
    "a schema that is none",
    { kind: "schema", options: { schema: { requird: [] } } },
    /the keyword "requird" is not known at #/,
    "options",
  ],
  [
    "a language that cannot be told",
    { kind: "language", options: { languages: ["xx"] } },
    /language "xx" cannot be told/,
    "options",
  ],
  [
    "sources from no input",
    { kind: "quotes", options: { sourcesFrom: "docs" } },
    /sourcesFrom "docs" is no input/,
    "options.sourcesFrom",
  ],
  [
    "sources from a number",
    { kind: "quotes", options: { sourcesFrom: "n" } },
    /expected an input of type str, list\[str\]/,
    "options.sourcesFrom",
  ],
  [
    "a table from a list",
    { kind: "table", options: { valuesFrom: "documents" } },
    /expected an input of type dict/,
    "options.valuesFrom",
  ],
  [
    "sources twice",
    { kind: "quotes", options: { sourcesFrom: "documents", sources: [] } },
    /two ways to say the same/,
    "options",
  ],
  [
    "sources of a kind without",
    { kind: "totals", options: { sourcesFrom: "documents" } },
    /Unrecognized key: "sourcesFrom"/,
    "options",
  ],
  ["checks too deep", { kind: "any", options: { of: [deep(20)] } }, /nest more than 8 deep/, "options"],
  [
    "a kind among the options",
    { kind: "length", options: { check: "pii", max: 1 } },
    /told by kind, not by options\.check/,
    "options.check",
  ],
];
for (const [name, validator, message, path] of wrong)
  test(`validators - ${name} is told`, () =>
    assert.throws(() => define({ ...summary, ...validator }), {
      code: "invalid_inputs",
      message,
      path: `validators.0.${path}`,
    }));

test("validators - two of one name, and more or larger ones than there may be, are told", () => {
  const one = { ...summary, name: "a", kind: "pii" };
  assert.throws(() => define(one, one), {
    message: 'validator "a": is declared twice',
    path: "validators.1.name",
  });
  const many = Array.from({ length: 17 }, () => ({ ...summary, kind: "pii" }));
  assert.throws(() => define(...many), { path: "validators" });
  const large = { ...summary, kind: "quotes", options: { sources: ["x".repeat(70_000)] } };
  assert.throws(() => define(large), { message: /bytes of JSON, at most 65536 in all/, path: "validators" });
});

function deep(levels: number): object {
  return levels === 0 ? { check: "pii" } : { check: "all", of: [deep(levels - 1)] };
}
