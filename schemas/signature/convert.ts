// Between wire values and TypeScript values, compiled to closures. Undefined stands for "nothing to convert".
// Decoding works on values that fit; encoding leaves what it cannot convert as it is, for the check to refuse.

import { isPlainObject } from "../envelope/json-value.ts";
import type { Field, Type } from "./ast.ts";
import { memberReader } from "./check.ts";
import { notFinite } from "./check-scalar.ts";
import { normalNumber } from "./literal-parser.ts";

export type Convert = (value: unknown) => unknown;
interface Direction {
  scalar: (type: Type) => Convert | undefined;
  /** What an absent optional field becomes. */
  fillsNull: boolean;
}

/** Wire to TypeScript: absent optional fields become null. */
export function compileDecode(fields: readonly Field[]): Convert {
  return convertFields(fields, { scalar: decodeScalar, fillsNull: true });
}

/** The same for the beginning of a value: what is absent stays so. */
export function compilePartialDecode(fields: readonly Field[]): Convert {
  return convertFields(fields, { scalar: decodeScalar, fillsNull: false });
}

/** TypeScript to wire: undefined members become absent. */
export function compileEncode(fields: readonly Field[]): Convert {
  return convertFields(fields, { scalar: encodeScalar, fillsNull: false });
}

function compile(type: Type, direction: Direction): Convert | undefined {
  switch (type.kind) {
    case "optional": {
      const of = compile(type.of, direction);
      return of && ((value) => (value === null ? null : of(value)));
    }
    case "list": {
      const items = compile(type.items, direction);
      return items && ((value) => (Array.isArray(value) ? value.map(items) : value));
    }
    case "dict": {
      const values = compile(type.values, direction);
      return values && ((value) => convertMembers(value, values));
    }
    case "object":
      return convertFields(type.fields, direction);
    default:
      return direction.scalar(type);
  }
}

function convertMembers(value: unknown, convert: Convert): unknown {
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member)]));
}

function convertFields(fields: readonly Field[], direction: Direction): Convert {
  const converts = fields.map((field) => ({
    name: field.name,
    read: memberReader(field.name),
    convert: compile(field.type, direction),
    fillsNull: direction.fillsNull && field.type.kind === "optional",
  }));
  const names = new Set(fields.map((field) => field.name));
  return (value) => {
    if (!isPlainObject(value)) return value;
    const converted: Record<string, unknown> = {};
    let known = 0;
    for (const { name, read, convert, fillsNull } of converts) {
      const member = read(value);
      if (member !== undefined) {
        converted[name] = convert === undefined ? member : convert(member);
        known++;
      } else if (fillsNull) {
        converted[name] = null;
      }
    }
    const keys = Object.keys(value);
    // Unknown members stay, so that they are refused instead of lost.
    if (keys.length > known) keepUnknown(value, keys, names, converted);
    return converted;
  };
}

function keepUnknown(
  value: Record<string, unknown>,
  keys: readonly string[],
  names: ReadonlySet<string>,
  into: Record<string, unknown>,
): void {
  for (const key of keys) {
    if (names.has(key) || value[key] === undefined) continue;
    Object.defineProperty(into, key, {
      value: value[key],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
}

function decodeScalar(type: Type): Convert | undefined {
  switch (type.kind) {
    case "int":
      return (value) => normalNumber(value as number | bigint);
    case "float":
      return (value) => notFinite(value) ?? Number(value);
    case "bytes":
      return (value) => Uint8Array.from(Buffer.from((value as { $bytes: string }).$bytes, "base64"));
    case "datetime":
      return (value) => new Date(value as string);
    case "image":
      return (value) => (value as { $image: unknown }).$image;
    default:
      return undefined;
  }
}

function encodeScalar(type: Type): Convert | undefined {
  switch (type.kind) {
    case "int":
      return (value) =>
        typeof value === "bigint" || Number.isInteger(value) ? normalNumber(value as number | bigint) : value;
    case "float":
      // "NaN", "Infinity", "-Infinity": where the field does not allow them the number itself is refused.
      return type.allowInfNan === true
        ? (value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value)
        : undefined;
    case "bytes":
      return (value) => (value instanceof Uint8Array ? { $bytes: base64(value) } : value);
    case "datetime":
      return (value) => (value instanceof Date && isWritable(value) ? value.toISOString() : value);
    case "image":
      return (value) => (isPlainObject(value) && !Object.hasOwn(value, "$image") ? { $image: value } : value);
    default:
      return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Years of four digits have the plain form; an invalid date has none. */
function isWritable(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
