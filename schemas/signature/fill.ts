// Puts defaults where fields are absent, at every level. Values are copied, never changed.

import { isPlainObject } from "../envelope/json-value.ts";
import type { DefaultValue, Field, Type } from "./ast.ts";
import { memberReader } from "./check.ts";
import { isReference } from "./check-scalar.ts";

/** Works on values that fit; undefined where there is nothing to fill. */
export type Fill = (value: unknown) => unknown;

export function compileFillFields(fields: readonly Field[]): Fill | undefined {
  const fills = fields.map((field) => ({
    name: field.name,
    read: memberReader(field.name),
    fill: compileFill(field.type),
    fallback: field.default === undefined ? undefined : freshDefault(field.type, field.default),
  }));
  const changing = fills.filter(({ fill, fallback }) => fill !== undefined || fallback !== undefined);
  if (changing.length === 0) return undefined;
  return (value) => {
    // What stands in for a large object is filled by whoever resolves it.
    if (!isPlainObject(value) || isReference(value)) return value;
    const filled: Record<string, unknown> = { ...value };
    for (const { name, read, fill, fallback } of changing) {
      const member = read(value);
      if (member === undefined) {
        if (fallback !== undefined) filled[name] = fallback();
      } else if (fill !== undefined) {
        filled[name] = fill(member);
      }
    }
    return filled;
  };
}

function compileFill(type: Type): Fill | undefined {
  switch (type.kind) {
    case "object":
      return compileFillFields(type.fields);
    case "optional":
      return compileFill(type.of);
    case "list": {
      const fill = compileFill(type.items);
      return fill && ((value) => (Array.isArray(value) ? value.map(fill) : value));
    }
    case "dict": {
      const fill = compileFill(type.values);
      if (fill === undefined) return undefined;
      return (value) => {
        if (!isPlainObject(value) || isReference(value)) return value;
        return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member)]));
      };
    }
    default:
      return undefined;
  }
}

/** Lists and objects anew each time, so that no two requests share one. */
function freshDefault(type: Type, value: DefaultValue): () => unknown {
  if (typeof value !== "object" || value === null) return () => value;
  const fill = compileFill(type);
  return () => {
    const copy: unknown = structuredClone(value);
    return fill === undefined ? copy : fill(copy);
  };
}
