// The native programs that validate, repair and redact answer what their twins in python-modules/native_validators answer.
// Held equal are verdicts, scores, problems and their places; of repaired JSON the values, where what is broken is broken in
// the usual ways. Schemas are held against Python's jsonschema, too, by the paths: its messages are others.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import type { Validator } from "../../schemas/messages/validator.ts";
import { parseSignature, signatureFromAst } from "../../schemas/signature/mod.ts";
import { checkOutputs, type JsonSchema, validate } from "../../services/native/modules/validators/mod.ts";
import { redactPiiProgram } from "../../services/native/programs/redact-pii.ts";
import { repairJsonProgram } from "../../services/native/programs/repair-json.ts";
import { validateProgram } from "../../services/native/programs/validate.ts";
import type { DefinedProgram } from "../../services/programs/define.ts";
import { anyText } from "../kit/any-text.ts";
import { breakJson, statement, words } from "../kit/checked-texts.ts";
import { fc } from "../kit/fast-check.ts";
import { PythonReference } from "../kit/python-reference.ts";
import { validatorCases } from "../kit/validator-cases.ts";

const python = new PythonReference();
after(() => python[Symbol.asyncDispose]());

const RUNS = { numRuns: 300, seed: 11 };
const MODULE = "native_validators";
/** An object with this name is taken for a promise, so linters want none written. */
const THEN = "then";

type Values = Record<string, unknown>;

/** What a native program answers, through its signature. */
async function native({ declaration, functions }: DefinedProgram, inputs: Values): Promise<Values> {
  const signature = signatureFromAst(parseSignature(String(declaration.signature)));
  const run = functions.get(`${declaration.name}/native`);
  const context = { signal: new AbortController().signal, variables: {} };
  return signature.outputs.encode((await run?.(signature.inputs.decode(inputs), context)) as Values);
}

async function sameVerdict(value: unknown, checks: readonly unknown[]): Promise<void> {
  const [own, other] = await Promise.all([
    native(validateProgram, { value, checks }),
    python.ask("twin", MODULE, "validate", { value, checks }),
  ]);
  assert.deepEqual(own, other, JSON.stringify({ value, checks }));
}

describe("validate and its twin", () => {
  for (const { name, value, check } of validatorCases)
    it(`validate - ${name}`, () => sameVerdict(value, [check]));

  const texts = fc.oneof(anyText, words, statement);
  const checksOf: [string, fc.Arbitrary<unknown>][] = [
    ["arithmetic, totals", fc.constantFrom({ check: "arithmetic" }, { check: "totals" })],
    [
      "a table",
      fc.constant({ check: "table", values: { cats: 3, dogs: 0.25, "big cats": 1200, Ünder: -4.5 } }),
    ],
    [
      "quotes",
      fc
        .tuple(fc.array(words, { maxLength: 3 }), fc.nat(4))
        .map(([sources, minWords]) => ({ check: "quotes", sources, minWords })),
    ],
    [
      "citations",
      fc
        .tuple(fc.array(words, { maxLength: 3 }), fc.boolean())
        .map(([sources, everySentence]) => ({ check: "citations", sources, everySentence, minSupport: 0.5 })),
    ],
    [
      "pii",
      fc.constantFrom({ check: "pii" }, { check: "pii", kinds: ["phone", "card"], allow: ["212-555-0100"] }),
    ],
    [
      "language",
      fc.constantFrom(
        { check: "language", languages: ["en"] },
        { check: "language", languages: ["de", "fr", "ja"] },
      ),
    ],
    [
      "length",
      fc
        .tuple(fc.constantFrom("characters", "words", "tokens"), fc.nat(30), fc.nat(30))
        .map(([unit, min, max]) => ({ check: "length", unit, min, max })),
    ],
    [
      "pattern",
      fc
        .tuple(
          fc.constantFrom("a", "^a+b?$", "[0-9]{2,3}", "(cat|dog)s?", "\\bcats\\b", "^$"),
          fc.constantFrom("some", "whole", "none"),
        )
        .map(([pattern, match]) => ({ check: "pattern", pattern, match })),
    ],
  ];
  for (const [name, check] of checksOf)
    it(`validate - ${name} of any text`, () =>
      fc.assert(
        fc.asyncProperty(texts, check, (text, one) => sameVerdict(text, [one])),
        RUNS,
      ));

  it("validate - formats", () => {
    const parts = fc.constantFrom(
      ..."a b.c @ . .. - example .org http:// https:// /x?y#z :80 :99999 1.2.3.4 256 :: 2001:db8 : [ ] % 2026-02-29 2024-02-29 T 10:30:00 .5 Z +01:00 é xn-- _ 0f8fad5b-d9cb-469f-a165-70867728950e".split(
        " ",
      ),
    );
    const format = fc.constantFrom(
      "email",
      "url",
      "hostname",
      "date",
      "time",
      "datetime",
      "ipv4",
      "ipv6",
      "uuid",
    );
    const text = fc.array(parts, { minLength: 1, maxLength: 5 }).map((some) => some.join(""));
    return fc.assert(
      fc.asyncProperty(text, format, (one, name) => sameVerdict(one, [{ check: "format", format: name }])),
      { ...RUNS, numRuns: 1_000 },
    );
  });

  it("validate - schemas: the same words, and the paths that jsonschema finds", () => {
    const leaf = fc.constantFrom<Values>(
      { type: "string", minLength: 2 },
      { type: ["integer", "null"], minimum: 0, multipleOf: 2 },
      { enum: [1, "a", null, { b: [1] }] },
      { type: "string", pattern: "^a+$" },
      { const: false },
      { type: "number", exclusiveMaximum: 3 },
      { format: "date" },
      {},
    );
    const { schema } = fc.letrec<{ schema: Values }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.record({
          type: fc.constant("object"),
          properties: fc.dictionary(fc.constantFrom("a", "b", "c d"), tie("schema")),
          required: fc.subarray(["a", "b"]),
          additionalProperties: fc.boolean(),
        }),
        fc.record({ items: tie("schema"), maxItems: fc.nat(3), uniqueItems: fc.boolean() }),
        fc.record({
          prefixItems: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }),
          contains: tie("schema"),
        }),
        fc.record({ anyOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ oneOf: fc.array(tie("schema"), { minLength: 1, maxLength: 3 }) }),
        fc.record({ allOf: fc.array(tie("schema"), { minLength: 1, maxLength: 2 }) }),
        fc.record({ not: tie("schema") }),
        fc.tuple(tie("schema"), tie("schema"), tie("schema")).map(([condition, yes, no]) =>
          Object.fromEntries([
            ["if", condition],
            [THEN, yes],
            ["else", no],
          ]),
        ),
        fc.record({
          patternProperties: fc.record({ "^[ab]": tie("schema") }),
          additionalProperties: tie("schema"),
        }),
      ),
    }));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(0, 1, 2, 4, 2.5, -1, "a", "aa", "b", "2024-02-29", true, false, null),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b", "c d", "e"), tie("value"), { maxKeys: 3 }),
      ),
    }));
    return fc.assert(
      fc.asyncProperty(value, schema, async (one, given) => {
        await sameVerdict(one, [{ check: "schema", schema: given }]);
        const { problems } = validate(one, { check: "schema", schema: given as JsonSchema });
        const paths = [...new Set(problems.map(({ path }) => path))].sort();
        const other = await python.ask("schema_paths", one, given);
        assert.deepEqual(paths, other, JSON.stringify({ one, given }));
      }),
      { ...RUNS, numRuns: 1_500 },
    );
  });
});

describe("repair-json and its twin", () => {
  /** Of what is broken in unusual ways only that it is. */
  async function same(text: string, want: string, isUsual: boolean): Promise<void> {
    const asked = { text, want, repair: true };
    const settled = (promise: Promise<unknown>): Promise<unknown> =>
      promise.catch((error: Error) => error.message.replace(/^.*?(the(?:re is| text).*)$/s, "$1"));
    const [own, other] = await Promise.all([
      settled(native(repairJsonProgram, asked)),
      settled(python.ask("twin", MODULE, "repair-json", asked)),
    ]);
    const isJson = (told: unknown): boolean => ["whole", "extracted"].includes(String((told as Values).how));
    if (!isUsual && !isJson(own) && !isJson(other)) return;
    assert.deepEqual(own, other, JSON.stringify(text));
  }

  it("repair-json - JSON with words around it", () =>
    fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ maxDepth: 3, noUnicodeString: false }),
        words,
        words,
        fc.constantFrom("", "```json\n", "```\n"),
        fc.constantFrom("any", "object", "list"),
        async (value, front, end, fence, want) => {
          const text = JSON.stringify(value);
          // Integers beyond 2^53 are bigints here.
          if (text.includes("__proto__") || /[0-9]{16}/.test(text)) return;
          await same(`${front} ${fence}${text}\n${fence === "" ? "" : "```"} ${end}`, want, false);
        },
      ),
      RUNS,
    ));

  it("repair-json - JSON that is broken in the usual ways", () =>
    fc.assert(
      fc.asyncProperty(breakJson, fc.constantFrom("", "Sure", "Here it is"), (text, front) =>
        same(`${front}: ${text}`, "any", true),
      ),
      { ...RUNS, numRuns: 600 },
    ));
});

describe("redact-pii and its twin", () => {
  it("redact-pii - the same places and the same text", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anyText, words, statement), { maxLength: 4 }), async (value) => {
        const asked = { value, kinds: ["email", "iban", "card", "ssn", "ip", "phone"], allow: [] };
        const own = await native(redactPiiProgram, asked);
        assert.deepEqual(own, await python.ask("twin", MODULE, "redact-pii", asked));
      }),
      RUNS,
    ));
});

describe("validators of programs", () => {
  /** As a worker in TypeScript says it. */
  function told(validators: Validator[], inputs: Values, outputs: Values): unknown {
    try {
      return checkOutputs(validators, inputs, outputs);
    } catch (thrown) {
      if (!isDspexError(thrown)) throw thrown;
      const { code, message, path, details } = thrown;
      return { code, message, path, details };
    }
  }

  it("outputs of any kind - pools say the same of them", () => {
    const texts = fc.oneof(anyText, words, statement);
    const checks = fc.constantFrom<[Validator["kind"], Values]>(
      ["length", { max: 12 }],
      ["length", { unit: "tokens", min: 3 }],
      ["pattern", { pattern: "[a-z]+ [0-9]", match: "some" }],
      ["language", { languages: ["en", "de"] }],
      ["format", { format: "date" }],
      ["pii", {}],
      ["quotes", { sourcesFrom: "sources", minWords: 1 }],
      ["citations", { sourcesFrom: "sources" }],
      ["arithmetic", {}],
      ["totals", {}],
      ["table", { valuesFrom: "table" }],
      ["json", { allow: "extracted" }],
      ["schema", { schema: { type: ["string", "object"], maxLength: 20, required: ["b"] } }],
      [
        "any",
        {
          of: [
            { check: "length", max: 3 },
            { check: "format", format: "url" },
          ],
        },
      ],
    );
    const validator = fc.record({
      output: fc.constantFrom("text", "list[]", "list[1]", "object.a", "object.b[].c", "any", "object"),
      check: checks,
      onFailure: fc.constantFrom("fail" as const, "score" as const, "score" as const),
    });
    const validators = fc.array(validator, { minLength: 1, maxLength: 5 }).map((some) =>
      some.map(({ output, check: [kind, options], onFailure }, at) => ({
        name: `v${at}`,
        output,
        kind,
        options,
        onFailure,
      })),
    );
    const outputs = fc.record({
      text: texts,
      list: fc.array(texts, { maxLength: 4 }),
      object: fc.record(
        { a: fc.option(texts), b: fc.array(fc.record({ c: texts }), { maxLength: 3 }) },
        { requiredKeys: [] },
      ),
      any: fc.oneof(texts, fc.integer(), fc.array(texts, { maxLength: 2 }), fc.constant(null)),
    });
    const inputs = fc.record({
      sources: fc.oneof(
        words,
        fc.array(words, { maxLength: 3 }),
        fc.array(fc.record({ id: words, text: words }), { maxLength: 3 }),
      ),
      table: fc.dictionary(fc.constantFrom("cats", "dogs"), fc.integer({ min: -5, max: 5 })),
    });
    return fc.assert(
      fc.asyncProperty(validators, inputs, outputs, async (asked, given, made) => {
        const other = await python.ask("checked_outputs", asked, given, made);
        // As JSON: what is undefined is not there.
        const own: unknown = JSON.parse(JSON.stringify(told(asked, given, made)));
        assert.deepEqual(own, other, JSON.stringify({ asked, given, made }));
      }),
      { ...RUNS, numRuns: 1_000 },
    );
  });
});

describe("twins", () => {
  it("twins - are declared with the signatures of the native programs", async () => {
    for (const { declaration } of [validateProgram, repairJsonProgram, redactPiiProgram])
      assert.equal(
        await python.ask("twin_signature", "native_validators", declaration.name),
        declaration.signature,
      );
  });
});
