// Random signatures and values for property tests, all of them valid.

import fc from "fast-check";
import type { Field, LiteralValue, Signature, Type } from "./ast.ts";

type AnyValue = fc.Arbitrary<unknown>;

const name = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/)
  .filter((text) => !["fields", "instructions", "signature"].includes(text));
/** Any text without lone surrogates, with quotes, backslashes, brackets and comments often among it. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('"', "'", "\\", "\n", "#", "[", "]", "->", ",", ")", "a", "😀"),
    maxLength: 8,
  }),
);
const literal: fc.Arbitrary<LiteralValue> = fc.oneof(
  text,
  fc.integer(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
  fc.constantFrom(0.5, -1.25e-7, 1e-300, true, false, null),
);

const lengths = fc
  .record({ minLength: fc.nat(3), maxLength: fc.integer({ min: 3, max: 9 }) }, { requiredKeys: [] })
  .map((bounds) => ({ ...bounds }));
const bounds = fc
  .record({ ge: fc.integer({ min: -9, max: -1 }), lt: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] })
  .map((limits) => ({ ...limits }));

const scalar: fc.Arbitrary<Exclude<Type, { kind: "optional" }>> = fc.oneof(
  lengths.map((limits) => ({ kind: "str" as const, ...limits })),
  bounds.map((limits) => ({ kind: "int" as const, ...limits })),
  bounds.map((limits) => ({ kind: "float" as const, ...limits })),
  fc.constant({ kind: "float" as const, allowInfNan: true as const }),
  lengths.map((limits) => ({ kind: "bytes" as const, ...limits })),
  fc.constantFrom("bool", "date", "datetime", "time", "any", "image", "history").map((kind) => ({ kind })),
  fc
    .uniqueArray(literal, { minLength: 1, maxLength: 4, comparator: "SameValueZero" })
    .map((values) => ({ kind: "literal" as const, values })),
);

const { type } = fc.letrec<{ type: Type; container: Exclude<Type, { kind: "optional" }> }>((tie) => ({
  container: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.tuple(tie("type"), lengths).map(([items, limits]) => ({ kind: "list" as const, items, ...limits })),
    fc.tuple(tie("type"), lengths).map(([values, limits]) => ({ kind: "dict" as const, values, ...limits })),
    fieldsOf(tie("type"), 3).map((fields) => ({ kind: "object" as const, fields })),
  ),
  type: fc.oneof(
    { weight: 3, arbitrary: tie("container") },
    { weight: 1, arbitrary: tie("container").map((of) => ({ kind: "optional" as const, of })) },
  ),
}));

function fieldsOf(types: fc.Arbitrary<Type>, maxLength: number): fc.Arbitrary<Field[]> {
  const field = fc.record({ name, type: types, description: text }, { requiredKeys: ["name", "type"] });
  return fc
    .uniqueArray(field, { minLength: 1, maxLength, selector: (one) => one.name })
    .map((fields) => fields.map((one) => ({ ...one, ...defaultOf(one.type) })));
}

/** Some types have a default that surely fits. */
function defaultOf(of: Type): Pick<Field, "default"> {
  if (of.kind === "literal") return { default: of.values.at(-1) ?? null };
  if (of.kind === "float" && of.allowInfNan) return { default: "NaN" };
  if (of.kind === "optional" && of.of.kind !== "any") return { default: null };
  return of.kind === "history" ? { default: [] } : {};
}

export const signatures: fc.Arbitrary<Signature> = fc
  .record(
    { instructions: text, inputs: fieldsOf(type, 4), outputs: fieldsOf(type, 4) },
    { requiredKeys: ["inputs", "outputs"] },
  )
  .filter(({ inputs, outputs }) => {
    const names = [...inputs, ...outputs].map((field) => field.name);
    return new Set(names).size === names.length;
  })
  .map((ast) => ({ ...ast }));

/** TypeScript values of a side. */
export function valuesOf(fields: readonly Field[]): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.fromEntries(fields.map((field) => [field.name, valueOfType(field.type)]));
  const required = fields.filter((field) => field.default === undefined && field.type.kind !== "optional");
  return fc
    .record(members, { requiredKeys: required.map((field) => field.name) })
    .map((values) => ({ ...values }));
}

const day = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
const json = fc
  .jsonValue({ stringUnit: "binary", maxDepth: 2 })
  .map((value): unknown => structuredClone(value));
const jsonObject = fc.dictionary(
  fc.string({ unit: "binary" }).filter((key) => key !== "__proto__"),
  fc.integer(),
);

function valueOfType(of: Type): AnyValue {
  switch (of.kind) {
    case "str": {
      const { minLength = 0, maxLength = 9 } = of;
      return fc
        .array(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), { minLength, maxLength })
        .map((points) => points.join(""));
    }
    case "int":
      return of.ge === undefined && of.lt === undefined
        ? fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }))
        : within(of);
    case "float":
      if (of.allowInfNan) return fc.double();
      return of.ge === undefined && of.lt === undefined
        ? fc.double({ noNaN: true, noDefaultInfinity: true })
        : within(of);
    case "bool":
      return fc.boolean();
    case "bytes":
      return fc
        .uint8Array({ minLength: of.minLength ?? 0, maxLength: of.maxLength ?? 9 })
        .map((bytes) => Uint8Array.from(bytes));
    case "date":
      return day.map((date) => date.toISOString().slice(0, 10));
    case "time":
      return day.map((date) => date.toISOString().slice(11, 23));
    case "datetime":
      return day;
    case "any":
      return json.filter((value) => !JSON.stringify(value).includes("__proto__"));
    case "image":
      return fc.webUrl().map((url) => ({ url }));
    case "history":
      return fc.array(
        fc
          .record({ inputs: jsonObject, outputs: jsonObject })
          .map(({ inputs, outputs }) => ({ inputs: { ...inputs }, outputs: { ...outputs } })),
        { maxLength: 2 },
      );
    case "literal":
      return fc.constantFrom(...of.values);
    case "optional":
      return fc.option(valueOfType(of.of));
    case "list":
      return fc.array(valueOfType(of.items), { minLength: of.minLength ?? 0, maxLength: of.maxLength ?? 4 });
    case "dict": {
      const keys = fc.string({ unit: "binary", maxLength: 5 }).filter((key) => key !== "__proto__");
      return fc
        .dictionary(keys, valueOfType(of.values), { minKeys: of.minLength ?? 0, maxKeys: of.maxLength ?? 4 })
        .map((values) => ({ ...values }));
    }
    case "object":
      return valuesOf(of.fields);
    default:
      return of satisfies never;
  }
}

function within({ ge, lt }: { ge?: number | bigint; lt?: number | bigint }): AnyValue {
  return fc.integer({ min: Number(ge ?? -9), max: Number(lt ?? 9) - 1 });
}
