import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fc } from "../../tests/kit/fast-check.ts";
import { canonicalJson, parseJson, stringifyJson } from "./json.ts";
import { isJsonError } from "./json-error.ts";

interface Fixtures {
  canonical: { name: string; text: string; canonical: string }[];
  refused: { name: string; text: string }[];
}
const fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/canonical-json.json", import.meta.url), "utf8"),
) as Fixtures;

for (const { name, text, canonical } of fixtures.canonical) {
  test(`canonical json - ${name}`, () => {
    assert.equal(canonicalJson(parseJson(text)), canonical);
    assert.equal(canonicalJson(parseJson(new TextEncoder().encode(text))), canonical);
    assert.equal(canonicalJson(parseJson(canonical)), canonical);
    assert.equal(canonicalJson(parseJson(stringifyJson(parseJson(text)))), canonical);
  });
}

for (const { name, text } of fixtures.refused) {
  test(`parse - refuses ${name}`, () => {
    assert.throws(() => parseJson(text), isJsonError);
    assert.throws(() => parseJson(new TextEncoder().encode(text)), isJsonError);
  });
}

test("parse - integers beyond 2^53 are bigints, others numbers", () => {
  assert.deepEqual(
    parseJson("[9007199254740991, 9007199254740992, -9007199254740993, 9007199254740993.0, 1e20]"),
    [9007199254740991, 9007199254740992n, -9007199254740993n, 9007199254740992, 1e20],
  );
});

test("parse - long integers are found wherever they stand, those in strings and fractions left alone", () => {
  for (let offset = 0; offset < 20; offset++) {
    const padding = "x".repeat(offset);
    for (let digits = 14; digits < 36; digits++) {
      const written = "9".repeat(digits);
      const read = digits < 16 ? Number(written) : BigInt(written);
      for (const before of ["", " ", "\n\t", "-"]) {
        const text = `{"${padding}":"a${written} 1e999","n":${before}${written},"f":0.${written}}`;
        const members = parseJson(text) as Record<string, unknown>;
        assert.equal(members.n, before === "-" ? -read : read);
        assert.equal(members.f, Number(`0.${written}`));
      }
    }
  }
});

test("parse - a text of digits alone costs what any text costs", () => {
  const text = JSON.stringify({ text: "7".repeat(2_000_000) });
  const startedAt = performance.now();
  assert.equal(JSON.stringify(parseJson(text)), text);
  assert.ok(performance.now() - startedAt < 10_000, "looking at each digit again and again takes minutes");
});

test("parse - large exponents are found wherever they stand", () => {
  for (const number of ["1e999", "-12E+400", "0.5e1000", "[1,22.75e309", '{"a":1e309']) {
    const text = number.startsWith("[")
      ? `${number}]`
      : number.startsWith("{")
        ? `${number}}`
        : `[${number}]`;
    assert.throws(() => parseJson(text), isJsonError, text);
  }
  assert.deepEqual(parseJson('["1e999","a1e999",1e20,5e-400,0e999]'), ["1e999", "a1e999", 1e20, 0, 0]);
});

test("parse - refuses bytes that are not UTF-8 and texts with lone surrogates", () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0x22, 0xc0, 0x80, 0x22],
    [0xef, 0xbb, 0xbf, 0x31],
  ]) {
    assert.throws(() => parseJson(Uint8Array.from(bytes)), isJsonError);
  }
  assert.throws(() => parseJson('"\ud800"'), isJsonError);
});

test("parse - depth is that of brackets outside of strings", () => {
  const wide = `[${Array(500).fill('{"a": "]}\\"["}').join(",")}]`;
  assert.equal((parseJson(wide) as unknown[]).length, 500);
  assert.throws(() => parseJson(`{"x": "]]]]", "y": ${"[".repeat(128)}${"]".repeat(128)}}`), isJsonError);
});

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 200n }).chain((big) => fc.constantFrom(big, -big)),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .dictionary(
        fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 4 },
      )
      .map((members) => ({ ...members })),
  ),
})).value;

/** A float with an integral value beyond 2^53 may be written as digits, which are read as a bigint. */
function asRead(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return /e/.test(String(value)) ? value : BigInt(String(value));
  }
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, asRead(member)]));
}

test("stringify - what is written is read again", () => {
  fc.assert(
    fc.property(json, (value) => {
      assert.deepEqual(parseJson(stringifyJson(value)), asRead(value));
      assert.deepEqual(parseJson(canonicalJson(value)), asRead(value));
    }),
    { numRuns: 1_000 },
  );
});

test("canonical json - does not depend on the order of members", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.integer()).map((members) => ({ ...members })),
      (members) => {
        const reversed = Object.fromEntries(Object.entries(members).reverse());
        fc.pre(!Object.hasOwn(members, "__proto__"));
        assert.equal(canonicalJson(reversed), canonicalJson(members));
      },
    ),
  );
});

test("parse - fails with a JsonError at most", () => {
  const pieces = fc.constantFrom(
    "[",
    "]",
    "{",
    "}",
    '"',
    ",",
    ":",
    "1",
    "e9",
    "e999",
    "\\u",
    "d800",
    "__proto__",
    "null",
    "-",
    ".",
    "\ud800",
    " ",
  );
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: pieces, maxLength: 30 }), fc.uint8Array()), (source) => {
      try {
        parseJson(source);
      } catch (error) {
        assert.ok(isJsonError(error), String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

const cycle: unknown[] = [];
cycle.push({ cycle });
const NO_JSON: [name: string, value: unknown, message: RegExp][] = [
  ["NaN", { a: [1, Number.NaN] }, /^NaN is no json number at \$\["a"\]\[1\]$/],
  ["Infinity", -Infinity, /-Infinity is no json number/],
  ["undefined", undefined, /undefined is no json value/],
  ["undefined in a list", [1, undefined], /undefined is no json value at \$\[1\]/],
  ["a hole in a list", Array(2), /undefined is no json value/],
  ["a function", { f: () => 1 }, /function is no json value/],
  ["a symbol", Symbol("x"), /symbol is no json value/],
  ["a Date", { d: new Date(0) }, /Date is no json value/],
  ["a Map", new Map(), /Map is no json value/],
  ["bytes", new Uint8Array(2), /Uint8Array is no json value/],
  ["a lone surrogate", { s: ["\ud800"] }, /lone surrogate at \$\["s"\]\[0\]/],
  ["a lone surrogate as a name", { "\ud800": 1 }, /member's name/],
  ["__proto__", JSON.parse('{"__proto__": 1}'), /member's name/],
  ["a cycle", cycle, /nested more than 128 deep/],
];
for (const [name, value, message] of NO_JSON) {
  test(`stringify - refuses ${name}`, () => {
    for (const write of [stringifyJson, canonicalJson]) {
      assert.throws(
        () => write(value),
        (error) => isJsonError(error) && message.test(error.message),
      );
    }
  });
}

test("stringify - leaves out undefined members", () => {
  assert.equal(stringifyJson({ a: undefined, b: 1 }), '{"b":1}');
  assert.equal(canonicalJson({ b: 1, a: undefined }), '{"b":1}');
});

test("stringify - bigints are digits, also where an application taught them toJSON", () => {
  const prototype = BigInt.prototype as unknown as { toJSON?: () => string };
  prototype.toJSON = () => "taught";
  try {
    assert.equal(stringifyJson({ a: [5n, 2n ** 64n] }), '{"a":[5,18446744073709551616]}');
    assert.equal(canonicalJson([2n ** 64n]), "[18446744073709551616]");
  } finally {
    delete prototype.toJSON;
  }
});
