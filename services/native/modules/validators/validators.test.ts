// Every validator over one table, and what holds for all of them whatever the value is.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import { parseSignature } from "../../../../schemas/signature/mod.ts";
import { words } from "../../../../tests/kit/checked-texts.ts";
import { fc } from "../../../../tests/kit/fast-check.ts";
import { validatorCases } from "../../../../tests/kit/validator-cases.ts";
import {
  type Check,
  checkSignature,
  checkZod,
  findPii,
  readCheck,
  readJson,
  redactPii,
  toWireVerdict,
  validate,
} from "./mod.ts";

describe("validators", () => {
  for (const { name, value, check, valid, score, problems } of validatorCases)
    it(name, () => {
      const verdict = toWireVerdict(validate(value, readCheck(check)), value);
      assert.equal(verdict.valid, valid, JSON.stringify(verdict.problems));
      if (score !== undefined) assert.equal(verdict.score, score);
      const expected = problems?.map(([path, message, start, end]) =>
        start === undefined ? { path, message } : { path, message, span: { start, end } },
      );
      if (expected !== undefined) assert.deepEqual(verdict.problems, expected);
    });

  it("validators - each is in the table", () => {
    const used = new Set(validatorCases.map(({ check }) => check.check));
    assert.deepEqual(
      CHECKS.map(({ check }) => check).filter((name) => !used.has(name)),
      [],
    );
  });

  it("validators - never throw over a value, and say the same twice", () =>
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), words, fc.jsonValue(), fc.constant(undefined)),
        fc.constantFrom(...CHECKS),
        (value, check) => {
          const verdict = validate(value, check);
          assert.equal(verdict.valid, verdict.problems.length === 0);
          assert.ok(verdict.score === undefined || (verdict.score >= 0 && verdict.score <= 1));
          assert.deepEqual(validate(value, check), verdict);
        },
      ),
      { numRuns: 3_000, seed: 5 },
    ));

  it("validators - a value nested deeper than calls can be", () => {
    let deep: unknown = "a@b.org";
    for (let level = 0; level < 50_000; level++) deep = [deep];
    assert.equal(validate(deep, { check: "schema", schema: {} }).valid, false);
    assert.equal(validate(deep, { check: "pii" }).valid, false);
  });

  const LONG = 20_000;
  const hostile: [string, string][] = [
    ...[
      "a",
      " ",
      "(",
      "[",
      "{",
      '"',
      "'",
      "=",
      "1+",
      "1+1=",
      "a@",
      "a@a.",
      "1 ",
      "+1 ",
      "AA00 ",
      ":",
      "1.",
      "“",
      "„",
    ],
    ...[
      "[1] ",
      "[1-9]",
      "a. ",
      ". ",
      "....x ",
      "1\n",
      "total 1\n",
      "9,999",
      "𝟙",
      "{'a':",
      '{"a":"',
      "[[1],",
      "```{",
      "x 1 ",
    ],
    ...[
      "}",
      "]",
      '[{"',
      "2^9^",
      "9".repeat(50),
      "(123",
      "-1-",
      "AB12 3456 ",
      "0.0.0.0",
      "e.g. ",
      "\\",
      "http://",
      "²",
    ],
  ].map((part) => [part, part.repeat(Math.ceil(LONG / part.length)).slice(0, LONG)]);
  it("validators - take time in proportion to the text, whatever it is", () => {
    for (const [part, text] of hostile)
      for (const check of CHECKS) {
        const start = process.threadCpuUsage();
        for (const value of [text, `"${text}=1"`]) validate(value, check);
        const { user } = process.threadCpuUsage(start);
        assert.ok(user < 1_000_000, `${check.check} of ${JSON.stringify(part)}: ${user / 1_000} ms`);
      }
  });

  it("pattern - (a+)+$ on 100,000 characters", () => {
    const value = `${"a".repeat(100_000)}!`;
    const start = process.threadCpuUsage();
    assert.equal(validate(value, { check: "pattern", pattern: "(a+)+$" }).valid, false);
    assert.equal(validate(value, { check: "schema", schema: { pattern: "^(a|aa)+$" } }).valid, false);
    assert.ok(process.threadCpuUsage(start).user < 1_000_000);
  });

  it("schema - one that doubles at each step is stopped", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `d${n}`,
        { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
      ]),
    );
    const verdict = validate(1, {
      check: "schema",
      schema: { $ref: "#/$defs/d0", $defs: { ...$defs, d40: true } },
    });
    assert.deepEqual(verdict.problems, [{ path: "$", message: "checking takes more than 200000 steps" }]);
  });

  it("checks - what is no check is told", () => {
    const wrong: [unknown, RegExp][] = [
      [{ check: "lenght" }, /check: Invalid/],
      [{ check: "length", least: 3 }, /Unrecognized key: "least"/],
      [{ check: "all", of: [{ check: "format", format: "mail" }] }, /at check\.of\.0\.format/],
      [{ check: "at", path: "a b", of: { check: "pii" } }, /expected a path such as/],
      [null, /check: /],
    ];
    for (const [check, message] of wrong) assert.throws(() => readCheck(check), message);
    let deep: unknown = { check: "pii" };
    for (let level = 0; level < 20_000; level++) deep = { check: "all", of: [deep] };
    assert.throws(() => readCheck(deep), /checks nest more than 8 deep/);
    assert.throws(() => validate("a", { check: "pattern", pattern: "(?=a)" }), /pattern has "\(\?="/);
    assert.throws(
      () => validate("a", { check: "schema", schema: { requird: [] } }),
      /"requird" is not known at #/,
    );
  });

  it("checkZod, checkSignature - problems with their paths", () => {
    const schema = z.object({ lines: z.array(z.object({ amount: z.number() })) });
    assert.deepEqual(
      checkZod({ lines: [{ amount: "1" }] }, schema).problems.map(({ path }) => path),
      ["$.lines[0].amount"],
    );
    const signature = parseSignature("text: str -> label: Literal['a', 'b'], scores: list[float]");
    assert.deepEqual(checkSignature({ label: "c", scores: [1, "2"] }, signature, "outputs").problems, [
      { path: "$.label", message: 'expected one of "a", "b", got str "c"' },
      { path: "$.scores[1]", message: 'expected float, got str "2"' },
    ]);
  });
});

describe("JSON in texts", () => {
  it("readJson - JSON is its own value", () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        if (text.includes("__proto__")) return;
        const found = readJson(text);
        assert.deepEqual(found, {
          ok: true,
          value: parseJson(text),
          how: "whole",
          span: { start: 0, end: text.length },
        });
      }),
    ));

  const cases: [string, string, unknown][] = [
    ["in a code block", 'Sure!\n```json\n{"a": 1}\n```\nAnything else?', { a: 1 }],
    ["the block, not the longer example", 'Like {"name": "…", "age": 0}:\n```json\n{"a": 1}\n```', { a: 1 }],
    ["the longest", 'See [1] and {"a": {"b": [1, 2]}}.', { a: { b: [1, 2] } }],
    ["braces of prose before it", 'Use { to open. {"a": "}"} it is', { a: "}" }],
    ["a broken object, not the list in it", "{'a': [1, 2], 'b': nope}", { a: [1, 2], b: "nope" }],
    ["cut off", '{"a": [1, 2, {"b": "x', { a: [1, 2, { b: "x" }] }],
    ["Python", "{'ok': True, 'none': None, 'l': [1,]}", { ok: true, none: null, l: [1] }],
    ["comments and commas", "{a: 1, /* one */ b: 2, // two\n}", { a: 1, b: 2 }],
    ["a string alone", '"just text"', "just text"],
  ];
  for (const [name, text, value] of cases)
    it(`readJson - ${name}`, () => {
      const found = readJson(text);
      assert.deepEqual(found.ok && found.value, value);
    });

  it("readJson - what is wanted, and what is none", () => {
    const list = readJson('{"a": [1]} [2, 3]', { want: "list" });
    assert.deepEqual(list.ok && list.value, [2, 3]);
    assert.deepEqual(readJson("no JSON here"), { ok: false, message: "there is no JSON in the text" });
    assert.deepEqual(readJson("{'a': 1}", { repair: false }), {
      ok: false,
      message: "the text has only broken JSON",
    });
    const proto = readJson('{"__proto__": {"x": 1}}');
    assert.equal(proto.ok && Object.hasOwn(proto.value as object, "__proto__"), false);
  });
});

describe("PII", () => {
  it("redactPii - keeps everything else", () => {
    const value = { mail: "😀 a@b.org!", list: ["+49 30 1234567", 7], none: null };
    assert.deepEqual(redactPii(value), { mail: "😀 [EMAIL]!", list: ["[PHONE]", 7], none: null });
    assert.deepEqual(findPii("😀 a@b.org"), [{ kind: "email", span: { start: 3, end: 10 } }]);
  });

  it("redactPii - finds nothing in what it made", () =>
    fc.assert(
      fc.property(words, (text) => {
        assert.deepEqual(findPii(redactPii(text)), []);
      }),
      { numRuns: 500, seed: 3 },
    ));
});

const CHECKS: Check[] = [
  { check: "json", allow: "repaired", schema: { type: "object" } },
  {
    check: "schema",
    schema: { type: ["object", "array"], items: { type: "string", pattern: "(a+)+$" }, uniqueItems: true },
  },
  { check: "length", unit: "characters", max: 5 },
  { check: "length", unit: "words", min: 5 },
  { check: "length", unit: "tokens", max: 5 },
  { check: "pattern", pattern: "(a+)+$", match: "none" },
  { check: "language", languages: ["en"] },
  { check: "format", format: "email" },
  { check: "format", format: "url" },
  { check: "pii" },
  { check: "quotes", sources: ["a b c ".repeat(1_000), "{}"], minWords: 0 },
  { check: "citations", sources: ["cats and dogs", "3 12"], everySentence: true },
  { check: "arithmetic" },
  { check: "totals" },
  { check: "table", values: { cats: 3, x: 1 } },
  { check: "at", path: "a[0]", of: { check: "pii" } },
  { check: "all", of: [{ check: "pii" }, { check: "arithmetic" }] },
  { check: "any", of: [{ check: "format", format: "date" }, { check: "totals" }] },
];
