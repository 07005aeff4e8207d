import assert from "node:assert/strict";
import test from "node:test";
import { z } from "zod";
import { signatureFromZod } from "./from-zod.ts";
import { signature } from "./signature.ts";
import { isSignatureError } from "./signature-error.ts";

const outputs = z.object({ a: z.string() });

/** zod on the left, the type as text on the right. */
const TYPES: [schema: z.ZodType, text: string][] = [
  [z.string(), "str"],
  [z.string().min(1).max(9), "str(min_length=1, max_length=9)"],
  [z.string().length(3), "str(min_length=3, max_length=3)"],
  [z.string().regex(/^[a-z]+$/), 'str(pattern="^[a-z]+$")'],
  [z.string().startsWith("a"), 'str(pattern="^a.*")'],
  [z.number(), "float"],
  [z.number().min(0).lt(1), "float(ge=0, lt=1)"],
  [z.number().positive().multipleOf(0.5), "float(gt=0, multiple_of=0.5)"],
  [z.int(), "int"],
  [z.number().int().max(3), "int(le=3)"],
  [z.int32().min(0), "int(ge=0, le=2147483647)"],
  [z.bigint().min(2n ** 60n), "int(ge=1152921504606846976)"],
  [z.boolean(), "bool"],
  [z.date(), "datetime"],
  [z.iso.date(), "date"],
  [z.iso.time(), "time"],
  [z.any(), "Any"],
  [z.unknown(), "Any"],
  [z.enum(["x", "y"]), 'Literal["x", "y"]'],
  [z.literal("x"), 'Literal["x"]'],
  [z.literal(["x", 3, true, null]), 'Literal["x", 3, True, None]'],
  [z.union([z.literal("x"), z.literal(3)]), 'Literal["x", 3]'],
  [z.union([z.string(), z.null()]), "str | None"],
  [z.array(z.int()).min(1).max(3), "list[int](min_length=1, max_length=3)"],
  [z.record(z.string(), z.boolean()), "dict[str, bool]"],
  [z.object({ x: z.string(), y: z.int().default(1) }), "{x: str, y: int = 1}"],
  [z.strictObject({ x: z.string().nullable() }), "{x: str | None}"],
  [z.string().optional(), "str | None"],
  [z.string().nullish(), "str | None"],
  [z.string().readonly(), "str"],
  [z.string().brand<"Name">(), "str"],
  [z.int().default(3), "int = 3"],
  [z.array(z.string()).default([]), "list[str] = []"],
  [z.date().default(new Date(0)), 'datetime = "1970-01-01T00:00:00.000Z"'],
  [z.string().nullable().default(null), "str | None = None"],
  [z.string().describe("what is asked"), 'str "what is asked"'],
  [z.string().describe("inner").optional(), 'str | None "inner"'],
  [z.string().meta({ description: "meta" }).default("x"), 'str = "x" "meta"'],
];
for (const [schema, text] of TYPES) {
  test(`zod - ${text}`, () => {
    const { text: canonical, ast } = signatureFromZod({ inputs: z.object({ v: schema }), outputs });
    assert.equal(canonical, `v: ${text} -> a: str`);
    assert.deepEqual(ast, signature(`v: ${text} -> a` as string).ast);
  });
}

const REFUSED: [name: string, schema: z.ZodType, message: RegExp][] = [
  ["transform", z.string().transform((text) => text.length), /inputs\.v: a signature cannot say pipe/],
  ["trim", z.string().trim(), /inputs\.v: .*"overwrite"/],
  ["refine", z.string().refine(() => true), /inputs\.v: .*"custom"/],
  ["url", z.url(), /inputs\.v: .*"url"/],
  ["coerce", z.coerce.number(), /inputs\.v: .*"coerce"/],
  ["iso datetime", z.iso.datetime(), /inputs\.v: .*z\.date\(\)/],
  ["tuple", z.tuple([z.string()]), /inputs\.v: .*tuple/],
  ["union", z.union([z.string(), z.number()]), /inputs\.v: a union/],
  ["lazy", z.lazy(() => z.string()), /inputs\.v: .*lazy/],
  ["flag", z.string().regex(/a/i), /inputs\.v: .*flag "i"/],
  ["lookahead", z.string().regex(/(?=a)/), /inputs\.v: pattern/],
  ["two patterns", z.string().regex(/a/).regex(/b/), /inputs\.v: .*one pattern/],
  ["deep", z.object({ x: z.array(z.object({ y: z.symbol() })) }), /inputs\.v\.x\[\]\.y: .*symbol/],
  ["loose object", z.looseObject({ x: z.string() }), /inputs\.v: .*other members/],
  ["empty object", z.object({}), /inputs\.v: .*without members/],
  ["default inside a list", z.array(z.string().default("x")), /inputs\.v\[\]: a default/],
  ["default with content", z.object({ x: z.string() }).default({ x: "y" }), /inputs\.v: a default/],
  ["default function's object", z.record(z.string(), z.string()).default({ x: "y" }), /inputs\.v: a default/],
  ["bigint literal", z.literal(3n), /inputs\.v: a literal of bigint/],
  ["record of enum keys", z.record(z.enum(["x"]), z.string()), /inputs\.v: a record/],
  ["contradiction", z.string().min(5).max(2), /no value fits/],
  ["float32", z.float32(), /inputs\.v: .*"float32"/],
];
for (const [name, schema, message] of REFUSED) {
  test(`zod - refuses ${name}`, () => {
    assert.throws(
      () => signatureFromZod({ inputs: z.object({ v: schema }), outputs }),
      (error) => {
        assert.ok(isSignatureError(error));
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("zod - refuses a name that no signature has", () => {
  assert.throws(
    () => signatureFromZod({ inputs: z.object({ "a b": z.string() }), outputs }),
    isSignatureError,
  );
});

test("zod - values keep what zod's types promise", () => {
  const made = signatureFromZod({
    instructions: "Go.",
    inputs: z.object({ big: z.bigint(), n: z.int().default(3), o: z.string().optional() }),
    outputs: z.object({
      all: z.array(z.object({ x: z.bigint().optional(), y: z.string().nullish() })),
      some: z.record(z.string(), z.bigint().nullable()),
      when: z.date(),
      gone: z.string().optional(),
      none: z.string().nullable(),
    }),
  });
  assert.equal(made.ast.instructions, "Go.");
  const wire = made.inputs.encode({ big: 7n });
  assert.deepEqual(wire, { big: 7 });
  assert.deepEqual(made.inputs.decode(wire), { big: 7n, n: 3, o: null });
  const out = made.outputs.decode({
    all: [{ x: 1 }, {}],
    some: { a: 1, b: null },
    when: "2026-11-24T00:00:00Z",
    gone: null,
  });
  assert.deepEqual(out, {
    all: [{ x: 1n, y: null }, { y: null }],
    some: { a: 1n, b: null },
    when: new Date("2026-11-24T00:00:00Z"),
    none: null,
  });
});
