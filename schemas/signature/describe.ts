// Both halves of a validation message: what was expected, and what came instead. Python writes the same words.

import { isPlainObject } from "../envelope/json-value.ts";
import type { Type } from "./ast.ts";
import { formatLiteral } from "./format-literal.ts";
import { shorten } from "./shorten.ts";

const MAX_EXPECTED_LENGTH = 200;

/** `list of str, at most 3` */
export function describeType(type: Type): string {
  const text =
    type.kind === "optional"
      ? `${base(type.of)}${constraintsOf(type.of)} or None`
      : `${base(type)}${constraintsOf(type)}`;
  return shorten(text, MAX_EXPECTED_LENGTH);
}

function base(type: Type): string {
  switch (type.kind) {
    case "any":
      return "any JSON value";
    case "list":
      return `list of ${base(type.items)}`;
    case "dict":
      return `dict of ${base(type.values)}`;
    case "literal":
      return `one of ${type.values.map(formatLiteral).join(", ")}`;
    case "optional":
      return `${base(type.of)} or None`;
    default:
      return type.kind;
  }
}

function constraintsOf(type: Type): string {
  switch (type.kind) {
    case "str":
    case "bytes":
    case "list":
    case "dict":
      return [
        type.minLength !== undefined ? `, at least ${type.minLength}` : "",
        type.maxLength !== undefined ? `, at most ${type.maxLength}` : "",
        type.kind === "str" && type.pattern !== undefined ? `, matching ${JSON.stringify(type.pattern)}` : "",
      ].join("");
    case "int":
    case "float":
      return [
        type.ge !== undefined ? `, >= ${type.ge}` : "",
        type.gt !== undefined ? `, > ${type.gt}` : "",
        type.le !== undefined ? `, <= ${type.le}` : "",
        type.lt !== undefined ? `, < ${type.lt}` : "",
        type.multipleOf !== undefined ? `, multiple of ${type.multipleOf}` : "",
      ].join("");
    default:
      return "";
  }
}

/** `int 7`, `str "abc"`, `list of 3`; of anything, also of what is no JSON. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return `str ${JSON.stringify(shorten(value))}`;
    case "boolean":
      return `bool ${value}`;
    case "bigint":
      return `int ${shorten(value.toString())}`;
    case "number":
      if (!Number.isInteger(value)) return `float ${value}`;
      return `int ${shorten(Number.isSafeInteger(value) ? `${value === 0 ? 0 : value}` : BigInt(value).toString())}`;
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `list of ${value.length}`;
      if (isPlainObject(value)) return `object of ${Object.keys(value).length}`;
      return className(value);
    default:
      return typeof value;
  }
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? shorten(name) : "object";
}
