import assert from "node:assert/strict";
import test from "node:test";
import { cpuMs } from "../../tests/kit/cpu-time.ts";
import { fc } from "../../tests/kit/fast-check.ts";
import { parseJson, stringifyJson } from "../envelope/json.ts";
import { signatures, valuesOf } from "./arbitraries.ts";
import { parseSignature } from "./parse.ts";
import {
  decodeInputs,
  decodeOutputs,
  encodeInputs,
  encodeOutputs,
  validateInputs,
  validateOutputs,
} from "./values.ts";
import { isValuesError } from "./values-error.ts";

test("values - what is encoded is decoded again", () => {
  const withValues = signatures.chain((ast) =>
    fc.record({ ast: fc.constant(ast), values: valuesOf(ast.outputs) }),
  );
  fc.assert(
    fc.property(withValues, ({ ast, values }) => {
      const wire = parseJson(stringifyJson(encodeOutputs(ast, values)));
      const decoded = decodeOutputs(ast, wire);
      assert.deepEqual(Object.keys(decoded).sort(), ast.outputs.map((field) => field.name).sort());
      // Once everything is filled in, going round changes nothing more.
      assert.deepEqual(decodeOutputs(ast, parseJson(stringifyJson(encodeOutputs(ast, decoded)))), decoded);
      for (const [name, value] of Object.entries(values)) {
        const { type } = ast.outputs.find((field) => field.name === name) ?? assert.fail(name);
        if (!["list", "dict", "object", "optional", "any"].includes(type.kind))
          assert.deepEqual(decoded[name], normal(value));
      }
    }),
    { numRuns: 500 },
  );
});

/** JSON knows no minus zero. */
function normal(value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value;
}

test("values - checks never throw, whatever comes", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withTypedArray: true,
  });
  const wires = fc.oneof(
    anything,
    fc.dictionary(fc.constantFrom("a", "b", "__proto__", "constructor"), anything),
  );
  fc.assert(
    fc.property(signatures, wires, (ast, wire) => {
      const result = validateInputs(ast, wire);
      if (!result.ok) assert.ok(result.problems.length >= 1 && result.problems.length <= 20);
      for (const convert of [encodeInputs, decodeInputs, encodeOutputs, decodeOutputs]) {
        try {
          convert(ast, wire);
        } catch (error) {
          assert.ok(isValuesError(error), String(error));
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("values - a check that says no says why", () => {
  const withValues = signatures.chain((ast) =>
    fc.record({ ast: fc.constant(ast), values: valuesOf(ast.inputs) }),
  );
  fc.assert(
    fc.property(withValues, fc.jsonValue(), fc.nat(), ({ ast, values }, junk, at) => {
      const wire = encodeInputs(ast, values);
      const names = Object.keys(wire);
      const name = names[at % names.length];
      if (name !== undefined) wire[name] = junk;
      const result = validateInputs(ast, wire);
      if (!result.ok)
        assert.ok(result.problems.every((problem) => problem.path.startsWith(`inputs.${name}`)));
    }),
    { numRuns: 300 },
  );
});

test("encode - every kind becomes its wire form", () => {
  const ast = parseSignature(`
    i: int, big: int, f: float(allow_inf_nan=true), b: bytes, d: datetime, t: datetime, p: Image, o: str | None, n: int = 3,
    l: list[bytes], m: dict[str, float(allow_inf_nan=true)], x: {d: datetime | None} -> a`);
  const wire = encodeInputs(ast, {
    i: 7n,
    big: 2n ** 60n,
    f: Number.NEGATIVE_INFINITY,
    b: Buffer.from("hi"),
    d: new Date("2026-11-24T10:30:00.25Z"),
    t: "2026-11-24T10:30:00.123456+01:00",
    p: { url: "https://example.org/x.png" },
    o: undefined,
    n: undefined,
    l: [new Uint8Array([1, 2])],
    m: { k: Number.NaN },
    x: { d: undefined },
  });
  assert.deepEqual(wire, {
    i: 7,
    big: 2n ** 60n,
    f: "-Infinity",
    b: { $bytes: "aGk=" },
    d: "2026-11-24T10:30:00.250Z",
    t: "2026-11-24T10:30:00.123456+01:00",
    p: { $image: { url: "https://example.org/x.png" } },
    l: [{ $bytes: "AQI=" }],
    m: { k: "NaN" },
    x: {},
  });
  assert.deepEqual(decodeInputs(ast, wire), {
    i: 7,
    big: 2n ** 60n,
    f: Number.NEGATIVE_INFINITY,
    b: new Uint8Array([104, 105]),
    d: new Date("2026-11-24T10:30:00.25Z"),
    t: new Date("2026-11-24T09:30:00.123Z"),
    p: { url: "https://example.org/x.png" },
    o: null,
    n: 3,
    l: [new Uint8Array([1, 2])],
    m: { k: Number.NaN },
    x: { d: null },
  });
});

const REFUSED: [type: string, value: unknown, got: string][] = [
  ["float", Number.NaN, "float NaN"],
  ["float", Number.POSITIVE_INFINITY, "float Infinity"],
  ["int", 1.5, "float 1.5"],
  ["datetime", new Date(Number.NaN), "Date"],
  ["datetime", new Date("+020000-01-01T00:00:00Z"), "Date"],
  ["date", new Date(0), "Date"],
  ["str", "\ud800", 'str "\\ud800"'],
  ["str", Symbol("x"), "symbol"],
  ["str", () => 1, "function"],
  ["dict", new Map(), "Map"],
  ["Any", new Date(0), "Date"],
  ["Any", [undefined], "list of 1"],
  ["Any", { a: () => 1 }, "object of 1"],
  ["list[int]", new Set([1]), "Set"],
  ["{a: int}", new (class Point {})(), "Point"],
  ["Image", { url: "ftp://x" }, "object of 1"],
];
for (const [type, value, got] of REFUSED) {
  test(`encode - refuses ${got} for ${type}`, () => {
    assert.throws(
      () => encodeInputs(parseSignature(`v: ${type} -> a`), { v: value }),
      (error) => isValuesError(error) && error.code === "invalid_inputs" && error.problems[0]?.got === got,
    );
  });
}

test("encode - of outputs fails as output_invalid", () => {
  assert.throws(
    () => encodeOutputs(parseSignature("a -> b: int, c: int"), { b: "x", d: 1 }),
    (error) => {
      assert.ok(isValuesError(error));
      assert.equal(error.code, "output_invalid");
      assert.equal(error.path, "outputs.b");
      assert.equal(error.message, 'outputs.b: expected int, got str "x" (and 2 more)');
      assert.deepEqual(error.toWire().details, { problems: error.problems });
      return true;
    },
  );
});

test("encode - leaves values as they are", () => {
  const values = Object.freeze({ l: Object.freeze([Object.freeze({ a: undefined, b: 1 })]) });
  assert.deepEqual(encodeInputs(parseSignature("l: list[{a: str | None, b: int}] -> x"), values), {
    l: [{ b: 1 }],
  });
});

test("validate - fills fresh defaults into a copy", () => {
  const ast = parseSignature("l: list = [[1]], p: {q: list = []} = {} -> b");
  const wire = {};
  const [first, second] = [validateInputs(ast, wire), validateInputs(ast, wire)];
  assert.ok(first.ok && second.ok);
  assert.deepEqual(first.value, { l: [[1]], p: { q: [] } });
  assert.notEqual(first.value.l, second.value.l);
  assert.deepEqual(wire, {});
});

test("validate - takes references where it is told to", () => {
  const ref = {
    bucket: "b",
    key: "u/k",
    sizeBytes: 9,
    sha256: "a".repeat(64),
    contentType: "application/json",
  };
  const ast = parseSignature(
    "c: list[str], p: {n: int, m: int = 1} | None, d: dict[str, {x: int = 1}], q -> a",
  );
  const wire = { c: { $ref: ref }, p: { $ref: ref }, d: { k: { $ref: ref } }, q: { $ref: ref } };
  assert.deepEqual(validateInputs(ast, wire, { references: true }), { ok: true, value: wire });
  assert.equal(validateInputs(ast, wire).ok, false);
  const forged = validateInputs(ast, { ...wire, c: { $ref: { bucket: "b" } } }, { references: true });
  assert.deepEqual(forged, {
    ok: false,
    problems: [{ path: "inputs.c", field: "c", expected: "list of str", got: "object of 1" }],
  });
});

const HARD: [pattern: string, value: string][] = [
  ["^(a|a|aa)+(b?){50}$", `${"a".repeat(200_000)}!`],
  ["(?:.{0,248}a){2}\\\\d", "abcdefg, ".repeat(5_000)],
];
for (const [pattern, value] of HARD) {
  test(`validate - cannot be hung by ${pattern}`, () => {
    const ast = parseSignature(`v: str(pattern="${pattern}") -> a`);
    const tookMs = cpuMs(() => assert.equal(validateInputs(ast, { v: value }).ok, false));
    assert.ok(tookMs < 3_000, `${tookMs} ms`);
  });
}

test("validate - is fast where it is called for every request", () => {
  const ast = parseSignature("question: str, context: list[str], n: int = 3 -> answer: str");
  const wire = { question: "what is asked?", context: ["one", "two"] };
  for (const call of [
    () => validateInputs(ast, wire),
    () => encodeInputs(ast, wire),
    () => decodeInputs(ast, wire),
  ]) {
    const rounds = Array.from({ length: 8 }, () =>
      cpuMs(() => {
        for (let i = 0; i < 5_000; i++) call();
      }),
    );
    const microseconds = Math.min(...rounds) / 5;
    assert.ok(microseconds < 20, `${microseconds} µs`);
  }
});

test("validate - outputs have their own side", () => {
  const ast = parseSignature("a -> b: int | None");
  assert.deepEqual(validateOutputs(ast, {}), { ok: true, value: {} });
  assert.deepEqual(decodeOutputs(ast, {}), { b: null });
});
