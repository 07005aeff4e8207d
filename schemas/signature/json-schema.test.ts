import assert from "node:assert/strict";
import test from "node:test";
import { inputsToJsonSchema, outputsToJsonSchema } from "./json-schema.ts";
import { parseSignature } from "./parse.ts";

function inputOf(type: string): unknown {
  const { properties } = inputsToJsonSchema(parseSignature(`v: ${type} -> a`));
  return (properties as Record<string, unknown>).v;
}
function outputOf(type: string): unknown {
  const { properties } = outputsToJsonSchema(parseSignature(`a -> v: ${type}`));
  return (properties as Record<string, unknown>).v;
}

const KINDS: Record<string, unknown> = {
  str: { type: "string" },
  'str(min_length=1, max_length=2, pattern="^a")': {
    type: "string",
    minLength: 1,
    maxLength: 2,
    pattern: "^a",
  },
  "int(ge=0, lt=9, multiple_of=3)": { type: "integer", minimum: 0, exclusiveMaximum: 9, multipleOf: 3 },
  "float(gt=0, le=1)": { type: "number", exclusiveMinimum: 0, maximum: 1 },
  "float(allow_inf_nan=true)": { anyOf: [{ type: "number" }, { enum: ["NaN", "Infinity", "-Infinity"] }] },
  bool: { type: "boolean" },
  date: { type: "string", format: "date" },
  datetime: { type: "string", format: "date-time" },
  Any: {},
  "Any | None": {},
  "list[int](max_length=3)": { type: "array", items: { type: "integer" }, maxItems: 3 },
  "dict[str, bool](min_length=1)": {
    type: "object",
    additionalProperties: { type: "boolean" },
    minProperties: 1,
  },
  'Literal["a", 1, None]': { enum: ["a", 1, null] },
  "str | None": { anyOf: [{ type: "string" }, { type: "null" }] },
  bytes: {
    type: "object",
    properties: { $bytes: { type: "string", contentEncoding: "base64" } },
    required: ["$bytes"],
    additionalProperties: false,
  },
};
for (const [type, schema] of Object.entries(KINDS)) {
  test(`json schema - ${type}`, () => {
    assert.deepEqual(inputOf(type), schema);
    assert.deepEqual(outputOf(type), schema);
  });
}

test("json schema - inputs require what has no default and is not optional", () => {
  const ast = parseSignature('q: str "what", n: int = 3, o: str | None, p: {x: int = 1, y} -> a');
  assert.deepEqual(inputsToJsonSchema(ast), {
    type: "object",
    properties: {
      q: { type: "string", description: "what" },
      n: { type: "integer", default: 3 },
      o: { anyOf: [{ type: "string" }, { type: "null" }] },
      p: {
        type: "object",
        properties: { x: { type: "integer", default: 1 }, y: { type: "string" } },
        required: ["y"],
        additionalProperties: false,
      },
    },
    required: ["q", "p"],
    additionalProperties: false,
  });
});

test("json schema - outputs are strict at every level", () => {
  const ast = parseSignature("q -> n: int = 3, p: list[{x: int = 1, y: str | None}] | None");
  assert.deepEqual(outputsToJsonSchema(ast), {
    type: "object",
    properties: {
      n: { type: "integer" },
      p: {
        anyOf: [
          {
            type: "array",
            items: {
              type: "object",
              properties: { x: { type: "integer" }, y: { anyOf: [{ type: "string" }, { type: "null" }] } },
              required: ["x", "y"],
              additionalProperties: false,
            },
          },
          { type: "null" },
        ],
      },
    },
    required: ["n", "p"],
    additionalProperties: false,
  });
});

test("json schema - times and images hold what the wire holds", () => {
  const { pattern } = inputOf("time") as { pattern: string };
  assert.ok(new RegExp(pattern).test("23:59:59.123456"));
  assert.ok(!new RegExp(pattern).test("24:00:00"));
  assert.match(JSON.stringify(inputOf("Image")), /\$image.*url.*ref/);
  assert.match(JSON.stringify(inputOf("History")), /inputs.*outputs/);
});
