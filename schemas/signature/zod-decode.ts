// What zod's types promise beyond the AST's: bigints stay bigints however small, and what is optional but not
// nullable is absent instead of null. Applied to decoded values.

import { isPlainObject } from "../envelope/json-value.ts";
import type { Convert } from "./convert.ts";
import { type AnyZod, definitionOf } from "./zod-definition.ts";

/** Undefined where the schema promises nothing more. */
export function compileZodDecode(schema: AnyZod, keepsNull: boolean): Convert | undefined {
  const def = definitionOf(schema);
  switch (def.type) {
    case "bigint":
      return (value) => (typeof value === "number" ? BigInt(value) : value);
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly": {
      const inner = compileZodDecode(def.innerType, keepsNull);
      return inner && ((value) => (value === null ? null : inner(value)));
    }
    case "union": {
      const [only, ...others] = def.options.filter((option) => definitionOf(option).type !== "null");
      const inner = only === undefined || others.length > 0 ? undefined : compileZodDecode(only, keepsNull);
      return inner && ((value) => (value === null ? null : inner(value)));
    }
    case "array": {
      const items = compileZodDecode(def.element, keepsNull);
      return items && ((value) => (Array.isArray(value) ? value.map(items) : value));
    }
    case "record": {
      const values = compileZodDecode(def.valueType, keepsNull);
      return (
        values &&
        ((value) =>
          isPlainObject(value)
            ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, values(member)]))
            : value)
      );
    }
    case "object":
      return compileMembers(def.shape, keepsNull);
    default:
      return undefined;
  }
}

function compileMembers(shape: Readonly<Record<string, AnyZod>>, keepsNull: boolean): Convert | undefined {
  const members = Object.entries(shape).map(([name, schema]) => ({
    name,
    convert: compileZodDecode(schema, keepsNull),
    dropsNull: !keepsNull && isAbsentInsteadOfNull(schema),
  }));
  const changing = members.filter(({ convert, dropsNull }) => convert !== undefined || dropsNull);
  if (changing.length === 0) return undefined;
  return (value) => {
    if (!isPlainObject(value)) return value;
    const changed = { ...value };
    for (const { name, convert, dropsNull } of changing) {
      if (dropsNull && changed[name] === null) delete changed[name];
      else if (convert !== undefined && Object.hasOwn(changed, name)) changed[name] = convert(changed[name]);
    }
    return changed;
  };
}

function isAbsentInsteadOfNull(schema: AnyZod): boolean {
  let current = schema;
  let isOptional = false;
  for (;;) {
    const def = definitionOf(current);
    if (def.type === "nullable" || def.type === "null" || def.type === "any" || def.type === "unknown")
      return false;
    if (def.type === "union")
      return isOptional && !def.options.some((option) => definitionOf(option).type === "null");
    if (def.type === "literal") return isOptional && !def.values.includes(null);
    if (def.type === "optional") isOptional = true;
    else if (def.type !== "readonly" && def.type !== "default" && def.type !== "prefault") return isOptional;
    current = def.innerType;
  }
}
