// Zod schemas to types of the AST. What a signature cannot say is refused with its path, never dropped.

import type { z } from "zod";
import type { AstNumber, Field, LiteralValue, OptionalType, Type } from "./ast.ts";
import { isLiteralValue } from "./check-scalar.ts";
import { compileEncode } from "./convert.ts";
import { zodBounds, zodLengths, zodString } from "./zod-checks.ts";
import { type AnyZod, definitionOf, refuseChecks, refuseZod, type ZodDefinition } from "./zod-definition.ts";

/** The fields of a `z.object`. */
export function zodFields(schema: AnyZod, path: string): Field[] {
  const def = definitionOf(schema);
  if (def.type !== "object") return refuseZod(path, `expected an object, got ${def.type}`);
  refuseChecks(def, path);
  if (def.catchall !== undefined && definitionOf(def.catchall).type !== "never") {
    refuseZod(path, "an object with other members than its own");
  }
  const members = Object.entries(def.shape);
  if (members.length === 0) refuseZod(path, "an object without members");
  return members.map(([name, member]) => zodField(name, member, `${path}.${name}`));
}

function zodField(name: string, schema: AnyZod, path: string): Field {
  const { inner, fallback } = withoutDefault(schema, path);
  const type = zodType(inner, path);
  const description = descriptionOf(schema);
  return {
    name,
    type,
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: wireDefault(type, fallback.value, path) }),
  };
}

/** Looks through wrappers for the outermost `default` or `prefault`. */
function withoutDefault(schema: AnyZod, path: string): { inner: AnyZod; fallback?: { value: unknown } } {
  const def = definitionOf(schema);
  if (def.type === "default" || def.type === "prefault") {
    const { inner } = withoutDefault(def.innerType, path);
    return { inner, fallback: { value: def.defaultValue } };
  }
  return def.type === "readonly" ? withoutDefault(def.innerType, path) : { inner: schema };
}

function wireDefault(type: Type, value: unknown, path: string): NonNullable<Field["default"]> | null {
  const wire = compileEncode([{ name: "value", type }])({ value }) as { value: unknown };
  if (!isExpressible(wire.value)) refuseZod(path, "a default that a signature cannot write");
  return wire.value;
}

function isExpressible(value: unknown): value is NonNullable<Field["default"]> | null {
  if (Array.isArray(value)) return value.every(isExpressible);
  return isLiteralValue(value) || (typeof value === "object" && Object.keys(value as object).length === 0);
}

/** Of the outermost wrapper that has one. */
function descriptionOf(schema: AnyZod): string | undefined {
  const { description } = schema as z.ZodType;
  if (description !== undefined) return description;
  const def = definitionOf(schema);
  return "innerType" in def ? descriptionOf(def.innerType) : undefined;
}

function zodType(schema: AnyZod, path: string): Type {
  const def = definitionOf(schema);
  switch (def.type) {
    case "string":
      return zodString(def, path);
    case "number":
    case "bigint":
      return zodBounds(def, path);
    case "boolean":
      return unchecked(def, path, { kind: "bool" });
    case "date":
      return unchecked(def, path, { kind: "datetime" });
    case "any":
    case "unknown":
      return unchecked(def, path, { kind: "any" });
    case "enum":
      return { kind: "literal", values: Object.values(def.entries) };
    case "literal":
      return { kind: "literal", values: def.values.map((value) => literalValue(value, path)) };
    case "null":
      return { kind: "literal", values: [null] };
    case "array":
      return { kind: "list", items: zodType(def.element, `${path}[]`), ...zodLengths(def, path) };
    case "record":
      if (definitionOf(def.keyType).type !== "string") refuseZod(path, "a record whose keys are no strings");
      refuseChecks(definitionOf(def.keyType), path);
      refuseChecks(def, path);
      return { kind: "dict", values: zodType(def.valueType, `${path}[]`) };
    case "object":
      return { kind: "object", fields: zodFields(schema, path) };
    case "optional":
    case "nullable":
      return optional(zodType(def.innerType, path));
    case "readonly":
      return zodType(def.innerType, path);
    case "union":
      return unionType(def.options, path);
    case "default":
    case "prefault":
      return refuseZod(path, "a default that is not a field's own");
    default:
      return refuseZod(path, `a signature cannot say ${def.type}`);
  }
}

function unchecked(def: ZodDefinition, path: string, type: Type): Type {
  refuseChecks(def, path);
  return type;
}

function optional(of: Type): OptionalType {
  return of.kind === "optional" ? of : { kind: "optional", of };
}

/** A sum of literals, or of one type and null. */
function unionType(options: readonly AnyZod[], path: string): Type {
  const others = options.filter((option) => definitionOf(option).type !== "null");
  const types = others.map((option) => zodType(option, path));
  const [first] = types;
  if (first === undefined) return { kind: "literal", values: [null] };
  if (types.length === 1) return others.length < options.length ? optional(first) : first;
  const values = types.flatMap((type) => (type.kind === "literal" ? type.values : [undefined]));
  const literals = values.filter((value) => value !== undefined);
  if (literals.length < values.length) refuseZod(path, "a union of other things than literals and null");
  const union: Type = { kind: "literal", values: [...new Set<LiteralValue>(literals)] };
  return others.length < options.length ? optional(union) : union;
}

function literalValue(value: unknown, path: string): LiteralValue {
  if (typeof value === "bigint" || !isLiteralValue(value)) refuseZod(path, `a literal of ${typeof value}`);
  return value as Exclude<LiteralValue, AstNumber> | number;
}
