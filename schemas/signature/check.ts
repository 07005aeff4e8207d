// Whether a wire value fits a type, compiled to closures. `fits` is the hot path and builds nothing; only when it
// says no does `explain` look again and say where and why.

import { isJsonValue, isKey, isPlainObject } from "../envelope/json-value.ts";
import type { Field, Type } from "./ast.ts";
import {
  bytesFits,
  floatFits,
  historyFits,
  imageFits,
  intFits,
  isReference,
  literalFits,
  strFits,
} from "./check-scalar.ts";
import { describeType, describeValue } from "./describe.ts";
import { isDateText, isDatetimeText, isTimeText } from "./temporal.ts";

/** What is wrong with one value. */
export interface Problem {
  /** From the side on: `inputs.context[2]`. */
  path: string;
  /** The top-level field, "" where the whole value is wrong. */
  field: string;
  expected: string;
  got: string;
}

export interface CheckOptions {
  /** Whether `{"$ref": …}` may stand in for any value: before it is resolved, its content cannot be checked. */
  references?: boolean;
}

export interface Check {
  fits: (value: unknown) => boolean;
  explain: (value: unknown, path: string, found: Found) => void;
}
export interface Found {
  field: string;
  problems: Problem[];
}

/** Of a hostile value nobody wants ten thousand problems. */
const MAX_PROBLEMS = 20;

export function report(found: Found, path: string, expected: string, got: string): void {
  if (found.problems.length < MAX_PROBLEMS) found.problems.push({ path, field: found.field, expected, got });
}

export function compileCheck(type: Type, options: CheckOptions = {}): Check {
  const check = compileKind(type, options);
  if (options.references !== true) return check;
  return {
    fits: (value) => check.fits(value) || isReference(value),
    explain: (value, path, found) => {
      if (!isReference(value)) check.explain(value, path, found);
    },
  };
}

function compileKind(type: Type, options: CheckOptions): Check {
  switch (type.kind) {
    case "str":
      return scalar(type, strFits(type));
    case "int":
      return scalar(type, intFits(type));
    case "float":
      return scalar(type, floatFits(type));
    case "bool":
      return scalar(type, (value) => typeof value === "boolean");
    case "bytes":
      return scalar(type, bytesFits(type));
    case "date":
      return scalar(type, (value) => typeof value === "string" && isDateText(value));
    case "datetime":
      return scalar(type, (value) => typeof value === "string" && isDatetimeText(value));
    case "time":
      return scalar(type, (value) => typeof value === "string" && isTimeText(value));
    case "any":
      return scalar(type, (value) => isJsonValue(value));
    case "image":
      return scalar(type, imageFits);
    case "history":
      return scalar(type, historyFits);
    case "literal":
      return scalar(type, literalFits(type));
    case "optional": {
      const of = compileCheck(type.of, options);
      return { fits: (value) => value === null || of.fits(value), explain: explainOptional(type, of) };
    }
    case "list":
      return compileList(type, options);
    case "dict":
      return compileDict(type, options);
    case "object":
      return compileFields(type.fields, options);
    default:
      return type satisfies never;
  }
}

function scalar(type: Type, fits: Check["fits"]): Check {
  return {
    fits,
    explain: (value, path, found) => {
      if (!fits(value)) report(found, path, describeType(type), describeValue(value));
    },
  };
}

/** A wrong scalar is told with ` or None`; inside of a wrong container its own problems say more. */
function explainOptional(type: Type & { kind: "optional" }, of: Check): Check["explain"] {
  const holdsOthers = type.of.kind === "object" || type.of.kind === "list" || type.of.kind === "dict";
  return (value, path, found) => {
    if (value === null || of.fits(value)) return;
    const before = found.problems.length;
    if (holdsOthers) of.explain(value, path, found);
    const own = found.problems[before];
    if (own === undefined || own.path === path) {
      found.problems.length = before;
      report(found, path, describeType(type), describeValue(value));
    }
  };
}

function compileList(type: Type & { kind: "list" }, options: CheckOptions): Check {
  const items = compileCheck(type.items, options);
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = type;
  const isList = (value: unknown): value is unknown[] =>
    Array.isArray(value) && value.length >= minLength && value.length <= maxLength;
  return {
    fits: (value) => {
      if (!isList(value)) return false;
      for (let i = 0; i < value.length; i++) if (!items.fits(value[i])) return false;
      return true;
    },
    explain: (value, path, found) => {
      if (!isList(value)) return report(found, path, describeType(type), describeValue(value));
      for (let i = 0; i < value.length && found.problems.length < MAX_PROBLEMS; i++) {
        items.explain(value[i], `${path}[${i}]`, found);
      }
    },
  };
}

function compileDict(type: Type & { kind: "dict" }, options: CheckOptions): Check {
  const values = compileCheck(type.values, options);
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = type;
  const isDict = (value: unknown): value is Record<string, unknown> => {
    if (!isPlainObject(value)) return false;
    const keys = Object.keys(value);
    return keys.length >= minLength && keys.length <= maxLength && keys.every(isKey);
  };
  return {
    fits: (value) => {
      if (!isDict(value)) return false;
      for (const key of Object.keys(value)) if (!values.fits(value[key])) return false;
      return true;
    },
    explain: (value, path, found) => {
      if (!isDict(value)) return report(found, path, describeType(type), describeValue(value));
      for (const key of Object.keys(value)) {
        if (found.problems.length >= MAX_PROBLEMS) return;
        values.explain(value[key], memberPath(path, key), found);
      }
    },
  };
}

/** The fields of a nested object or, with `isSide`, of all inputs or outputs. */
export function compileFields(fields: readonly Field[], options: CheckOptions, isSide = false): Check {
  const checks = fields.map((field) => ({
    name: field.name,
    read: memberReader(field.name),
    check: compileCheck(field.type, options),
    mayBeAbsent: field.default !== undefined || field.type.kind === "optional",
    expected: describeType(field.type),
  }));
  const names = new Set(fields.map((field) => field.name));
  return {
    fits: (value) => {
      if (!isPlainObject(value)) return false;
      let present = 0;
      for (const { read, check, mayBeAbsent } of checks) {
        const member = read(value);
        if (member === undefined) {
          if (!mayBeAbsent) return false;
        } else if (check.fits(member)) {
          present++;
        } else {
          return false;
        }
      }
      return Object.keys(value).length === present;
    },
    explain: (value, path, found) => {
      if (!isPlainObject(value)) return report(found, path, "object", describeValue(value));
      for (const { name, read, check, mayBeAbsent, expected } of checks) {
        if (isSide) found.field = name;
        const member = read(value);
        if (member !== undefined) check.explain(member, `${path}.${name}`, found);
        else if (!mayBeAbsent) report(found, `${path}.${name}`, expected, "nothing");
      }
      for (const key of Object.keys(value).sort()) {
        if (names.has(key)) continue;
        if (isSide) found.field = key;
        report(found, memberPath(path, key), "no such field", describeValue(value[key]));
      }
    },
  };
}

/** Names such as `constructor` are also inherited, so those are only read where they are the object's own. */
export function memberReader(name: string): (value: Record<string, unknown>) => unknown {
  if (name in Object.prototype) return (value) => (Object.hasOwn(value, name) ? value[name] : undefined);
  return (value) => value[name];
}

function memberPath(path: string, key: string): string {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
