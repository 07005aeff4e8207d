// Signatures as JSON Schema (2020-12) of their wire values. Outputs are strict, as structured output of language
// models wants it: every property required, no others; what may be absent is null there.

import type { Field, Signature, Type } from "./ast.ts";

export type JsonSchema = { [key: string]: unknown };

/** Fields with a default or an optional type are not required. */
export function inputsToJsonSchema(ast: Signature): JsonSchema {
  return objectSchema(ast.inputs, false);
}

/** For `response_format` and the like: see the strict rules on top. */
export function outputsToJsonSchema(ast: Signature): JsonSchema {
  return objectSchema(ast.outputs, true);
}

function objectSchema(fields: readonly Field[], isStrict: boolean): JsonSchema {
  const required = fields.filter(
    (field) => isStrict || (field.default === undefined && field.type.kind !== "optional"),
  );
  return {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field, isStrict)])),
    required: required.map((field) => field.name),
    additionalProperties: false,
  };
}

function fieldSchema(field: Field, isStrict: boolean): JsonSchema {
  return {
    ...typeSchema(field.type, isStrict),
    ...(field.description !== undefined && { description: field.description }),
    ...(field.default !== undefined && !isStrict && { default: field.default }),
  };
}

function typeSchema(type: Type, isStrict: boolean): JsonSchema {
  switch (type.kind) {
    case "str":
      return {
        type: "string",
        ...lengths(type, "minLength", "maxLength"),
        ...(type.pattern !== undefined && { pattern: type.pattern }),
      };
    case "int":
      return { type: "integer", ...bounds(type) };
    case "float": {
      const number = { type: "number", ...bounds(type) };
      return type.allowInfNan === true
        ? { anyOf: [number, { enum: ["NaN", "Infinity", "-Infinity"] }] }
        : number;
    }
    case "bool":
      return { type: "boolean" };
    case "bytes":
      return closed({ $bytes: { type: "string", contentEncoding: "base64" } });
    case "date":
      return { type: "string", format: "date" };
    case "datetime":
      return { type: "string", format: "date-time" };
    case "time":
      // Not the format "time", which wants an offset.
      return { type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?$" };
    case "any":
      return {};
    case "image":
      return closed({ $image: { anyOf: [closed({ url: { type: "string" } }), closed({ ref: REFERENCE })] } });
    case "history":
      return { type: "array", items: closed({ inputs: { type: "object" }, outputs: { type: "object" } }) };
    case "list":
      return {
        type: "array",
        items: typeSchema(type.items, isStrict),
        ...lengths(type, "minItems", "maxItems"),
      };
    case "dict":
      return {
        type: "object",
        additionalProperties: typeSchema(type.values, isStrict),
        ...lengths(type, "minProperties", "maxProperties"),
      };
    case "object":
      return objectSchema(type.fields, isStrict);
    case "literal":
      return { enum: type.values };
    case "optional":
      return type.of.kind === "any" ? {} : { anyOf: [typeSchema(type.of, isStrict), { type: "null" }] };
    default:
      return type satisfies never;
  }
}

const REFERENCE = closed({
  bucket: { type: "string" },
  key: { type: "string" },
  sizeBytes: { type: "integer", minimum: 0 },
  sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
  contentType: { type: "string" },
});

function closed(properties: JsonSchema): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function lengths(type: { minLength?: number; maxLength?: number }, min: string, max: string): JsonSchema {
  return {
    ...(type.minLength !== undefined && { [min]: type.minLength }),
    ...(type.maxLength !== undefined && { [max]: type.maxLength }),
  };
}

function bounds(type: Type & { kind: "int" | "float" }): JsonSchema {
  return {
    ...(type.ge !== undefined && { minimum: type.ge }),
    ...(type.gt !== undefined && { exclusiveMinimum: type.gt }),
    ...(type.le !== undefined && { maximum: type.le }),
    ...(type.lt !== undefined && { exclusiveMaximum: type.lt }),
    ...(type.multipleOf !== undefined && { multipleOf: type.multipleOf }),
  };
}
