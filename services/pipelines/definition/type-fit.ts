// Whether values of one type may be handed to another: what could never fit is refused before anything runs; what may or
// may not fit is for the program's own check. Pure.

import type { Field, LiteralValue, Type } from "../../../schemas/signature/ast.ts";

export const ANY: Type = { kind: "any" };

export function fitsInto(from: Type, into: Type): boolean {
  if (into.kind === "any" || from.kind === "any") return true;
  if (into.kind === "optional") return fitsInto(from.kind === "optional" ? from.of : from, into.of);
  // A null where none is taken.
  if (from.kind === "optional") return false;
  switch (into.kind) {
    case "str":
      return ["str", "date", "datetime", "time"].includes(from.kind) || isLiteralOf(from, "string");
    case "int":
      return from.kind === "int" || isLiteralOf(from, "number", "bigint");
    case "float":
      return from.kind === "int" || from.kind === "float" || isLiteralOf(from, "number", "bigint");
    case "bool":
      return from.kind === "bool" || isLiteralOf(from, "boolean");
    case "literal":
      return from.kind === "literal"
        ? from.values.some((value) => into.values.includes(value))
        : into.values.some((value) => fitsInto(from, typeOfLiteral(value)));
    case "list":
      return from.kind === "list" && fitsInto(from.items, into.items);
    case "dict":
      if (from.kind === "dict") return fitsInto(from.values, into.values);
      return from.kind === "object" && from.fields.every((field) => fitsInto(field.type, into.values));
    case "object":
      if (from.kind === "dict") return into.fields.some((field) => fitsInto(from.values, field.type));
      return from.kind === "object" && into.fields.every((field) => memberFits(from.fields, field));
    default:
      return from.kind === into.kind;
  }
}

function memberFits(from: readonly Field[], into: Field): boolean {
  const own = from.find(({ name }) => name === into.name);
  if (own === undefined) return into.default !== undefined || into.type.kind === "optional";
  return fitsInto(own.type, into.type);
}

function isLiteralOf(type: Type, ...kinds: string[]): boolean {
  return type.kind === "literal" && type.values.some((value) => kinds.includes(typeof value));
}

function typeOfLiteral(value: LiteralValue): Type {
  switch (typeof value) {
    case "string":
      return { kind: "str" };
    case "boolean":
      return { kind: "bool" };
    case "object":
      return ANY;
    default:
      return { kind: "float" };
  }
}

/** What a constant is; objects and lists are looked at no further. */
export function typeOfConstant(value: unknown): Type {
  switch (typeof value) {
    case "string":
      return { kind: "str" };
    case "boolean":
      return { kind: "bool" };
    case "bigint":
      return { kind: "int" };
    case "number":
      return Number.isInteger(value) ? { kind: "int" } : { kind: "float" };
    default:
      return ANY;
  }
}

/** A type that both fit into. */
export function commonType(a: Type, b: Type): Type {
  if (JSON.stringify(a, bigintAsText) === JSON.stringify(b, bigintAsText)) return a;
  if (a.kind === "optional" || b.kind === "optional") {
    const of = commonType(a.kind === "optional" ? a.of : a, b.kind === "optional" ? b.of : b);
    return optional(of);
  }
  if (a.kind === b.kind && (a.kind === "str" || a.kind === "int" || a.kind === "float"))
    return { kind: a.kind };
  if (isNumber(a) && isNumber(b)) return { kind: "float" };
  if (a.kind === "list" && b.kind === "list") return { kind: "list", items: commonType(a.items, b.items) };
  return ANY;
}

export function optional(type: Type): Type {
  return type.kind === "optional" || type.kind === "any" ? type : { kind: "optional", of: type };
}

function isNumber({ kind }: Type): boolean {
  return kind === "int" || kind === "float";
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}

/** The type at the end of a path; a text that says why there is none. */
export function typeAtPath(type: Type, path: readonly string[]): Type | string {
  let at = type;
  for (const part of path) {
    const isOptional = at.kind === "optional";
    const inner: Type = at.kind === "optional" ? at.of : at;
    const next = memberType(inner, part);
    if (typeof next === "string") return next;
    at = isOptional ? optional(next) : next;
  }
  return at;
}

function memberType(type: Type, part: string): Type | string {
  switch (type.kind) {
    case "any":
    case "image":
    case "history":
      return ANY;
    case "object": {
      const field = type.fields.find(({ name }) => name === part);
      if (field !== undefined) return field.type;
      return `no member "${part}": there are ${type.fields.map(({ name }) => name).join(", ")}`;
    }
    case "dict":
      return type.values;
    case "list":
      return /^[0-9]{1,9}$/.test(part) ? type.items : `"${part}" is no position in a list`;
    default:
      return `a ${type.kind} has no member "${part}"`;
  }
}
