import assert from "node:assert/strict";
import test from "node:test";
import { cpuMs } from "../../tests/kit/cpu-time.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { canonicalJson, parseJson, stringifyJson } from "../envelope/json.ts";
import { signatures } from "./arbitraries.ts";
import { parseSignatureJson } from "./ast-schema.ts";
import { formatSignature, hashSignature } from "./format.ts";
import { parseSignature } from "./parse.ts";
import { isSignatureError } from "./signature-error.ts";

test("parse - what format writes is what it was", () => {
  fc.assert(
    fc.property(signatures, (ast) => {
      assert.deepEqual(parseSignature(formatSignature(ast)), ast);
    }),
    { numRuns: 500 },
  );
});

test("parse - an AST survives JSON", () => {
  fc.assert(
    fc.property(signatures, (ast) => {
      const read = parseSignatureJson(parseJson(stringifyJson(ast)));
      assert.equal(canonicalJson(read), canonicalJson(ast));
      assert.equal(hashSignature(read), hashSignature(ast));
    }),
    { numRuns: 200 },
  );
});

function failsOnlyAsSaid(text: string): void {
  try {
    parseSignature(text);
  } catch (error) {
    assert.ok(isSignatureError(error), String(error));
    const points = [...text];
    assert.ok(error.offset >= 0 && error.offset <= points.length);
    const written = points.slice(error.offset).join("");
    assert.ok(written.startsWith(error.word), `"${error.word}" is not at ${error.offset}`);
  }
}

test("parse - arbitrary texts fail with a SignatureError at most", () => {
  const pieces = fc.constantFrom(
    ...[
      "a",
      "b1",
      ":",
      "str",
      "list[",
      "]",
      "{",
      "}",
      ",",
      "->",
      "=",
      "(",
      ")",
      "ge=1",
      "Literal[",
      '"x"',
      "'",
      '"',
    ],
    ...[
      "\\",
      "#",
      "\n",
      " ",
      "| None",
      "Optional[",
      "dict[str,",
      "-1.5e3",
      "None",
      "😀",
      "\ud800",
      "1_0",
      "pattern=",
    ],
  );
  fc.assert(fc.property(fc.string({ unit: pieces, maxLength: 40 }), failsOnlyAsSaid), { numRuns: 3_000 });
  fc.assert(fc.property(fc.string({ unit: "binary" }), failsOnlyAsSaid), { numRuns: 500 });
});

test("parse - mutated signatures fail with a SignatureError at most", () => {
  const mutation = fc.record({
    ast: signatures,
    at: fc.nat(),
    remove: fc.nat(3),
    insert: fc.string({ maxLength: 2 }),
  });
  fc.assert(
    fc.property(mutation, ({ ast, at, remove, insert }) => {
      const text = formatSignature(ast);
      const place = at % (text.length + 1);
      failsOnlyAsSaid(text.slice(0, place) + insert + text.slice(place + remove));
    }),
    { numRuns: 1_000 },
  );
});

/** Texts near the longest that are read, each hard in another way. */
const LONG: Record<string, string> = {
  blanks: `${" ".repeat(65_000)}a -> b`,
  comments: `${"#\n".repeat(32_000)}a -> b`,
  "one name": `${"a".repeat(65_000)} -> b`,
  "many fields": `${Array.from({ length: 9_000 }, (_, i) => `f${i}`).join(",")} -> b`,
  "many literals": `a: Literal[${Array.from({ length: 9_000 }, (_, i) => i).join(",")}] -> b`,
  "one string": `a "${"x".repeat(65_000)}" -> b`,
  "many escapes": `a "${"\\n".repeat(32_000)}" -> b`,
  "many surrogate pairs": `a "${"\\ud83d\\ude00".repeat(5_000)}" -> b`,
  "open string": `a "${"x".repeat(65_000)}`,
  "many quotes": `${"'".repeat(65_000)}`,
  "open lists": `a: ${"list[".repeat(13_000)}`,
  "open default": `a = ${"[".repeat(65_000)}`,
  "one number": `a: int = ${"9".repeat(65_000)} -> b`,
  "many items": `a: list = [${"1,".repeat(32_000)}1] -> b`,
  "many emoji and an error": `"${"😀".repeat(30_000)}" a: strr -> b`,
  "a word that is no type": `a: ${"x".repeat(65_000)} -> b`,
};

for (const [name, text] of Object.entries(LONG)) {
  test(`parse - is linear: ${name}`, () => {
    assert.ok(text.length <= 65_536);
    const tookMs = cpuMs(() => failsOnlyAsSaid(text));
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
  });
}

test("parse - a text of megabytes is refused at once", () => {
  const text = "a".repeat(50_000_000);
  const tookMs = cpuMs(() => assert.throws(() => parseSignature(text), isSignatureError));
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
});

test("hash - texts that mean the same have the same", () => {
  const one = hashSignature(parseSignature("question -> answer"));
  assert.equal(one, hashSignature(parseSignature("  question : str # comment\n->answer:str,")));
  assert.notEqual(one, hashSignature(parseSignature("question -> answer: int")));
  assert.match(one, /^[0-9a-f]{64}$/);
});
