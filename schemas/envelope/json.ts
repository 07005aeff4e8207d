// JSON, as it crosses the wire: every text is read and written here. Integers beyond 2^53 are bigints and come out as
// digits again. What another language would read differently, what JSON cannot hold and what may harm whoever copies
// a value is refused, not repaired. Ordinary texts and values take the native functions alone.

import { shorten } from "../signature/shorten.ts";
import { JsonError } from "./json-error.ts";
import { isKey, isPlainObject, MAX_JSON_DEPTH } from "./json-value.ts";

/** Python reads integers of up to 4,300 digits; reading them takes time quadratic in their length. */
const MAX_DIGITS = 1_000;
/** Digits of the shortest integer that may be beyond 2^53. */
const LONG = 16;
/** The rare part first, the beginning of the number from there backwards: every text pays for the search. */
const LARGE_EXPONENT = /[0-9][eE]\+?[0-9]{3}(?<=(?:^|[:,[\s])-?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{3})/;
/** Surrogates, and the letters of `__proto__`. */
const CAREFUL_ESCAPE = /\\u(?:[dD][89a-fA-F]|00[4-7])/;

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
/** TypeScript's library does not know yet that revivers are told the source text of a number. */
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws a `JsonError`, and nothing else, where `source` is not acceptable JSON. */
export function parseJson(source: string | Uint8Array): unknown {
  const text = typeof source === "string" ? source : decodeUtf8(source);
  if (typeof source === "string" && !text.isWellFormed()) throw new JsonError("json with a lone surrogate");
  if (isNestedTooDeep(text)) throw new JsonError(`json nested more than ${MAX_JSON_DEPTH} deep`);
  try {
    return needsCare(text) ? parseWithSource(text, careful) : JSON.parse(text);
  } catch (error) {
    if (error instanceof JsonError) throw located(error, text);
    const reason = error instanceof Error ? error.message.slice(0, 200) : String(error);
    throw new JsonError(`not json: ${reason}`, undefined, error);
  }
}

function needsCare(text: string): boolean {
  return (
    text.includes("__proto__") ||
    (text.includes("\\u") && CAREFUL_ESCAPE.test(text)) ||
    LARGE_EXPONENT.test(text) ||
    hasLongInteger(text)
  );
}

/** Looks at one character in 16, and around it where it is a digit: a pattern, which looks at each, takes four times as long. */
function hasLongInteger(text: string): boolean {
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && isDigit(text.charCodeAt(from - 1))) from--;
    let to = at + 1;
    while (isDigit(text.charCodeAt(to))) to++;
    if (to - from >= LONG && beginsNumber(text, from)) return true;
    // The same digits are not looked at again: a text may be nothing else.
    at = to;
  }
  return false;
}

/** Ids, hashes and fractions are full of digits: those of an integer come after what a number may follow. */
function beginsNumber(text: string, at: number): boolean {
  const before = text.charAt(at - 1) === "-" ? at - 2 : at - 1;
  return before < 0 || ":,[ \t\n\r".includes(text.charAt(before));
}

/** NaN, beyond a text's end, is none. */
function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** The same error with the place of what it refuses: revivers are not told where they are. */
function located(error: JsonError, text: string): JsonError {
  const misfit = misfitOf(JSON.parse(text), MAX_JSON_DEPTH, { hasBigint: false });
  return misfit === undefined ? error : new JsonError(error.message, `$${misfit.path}`);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new JsonError("json that is not utf-8", undefined, error);
  }
}

function careful(key: string, value: unknown, context: { source?: string }): unknown {
  if (key === "__proto__") throw new JsonError('json with a member "__proto__"');
  if (!key.isWellFormed()) throw new JsonError("json with a lone surrogate in a member's name");
  if (typeof value === "string" && !value.isWellFormed()) throw new JsonError("json with a lone surrogate");
  return typeof value === "number" ? exactNumber(value, context.source ?? "") : value;
}

function exactNumber(value: number, source: string): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  if (/^-?[0-9]+$/.test(source)) {
    if (source.length > MAX_DIGITS)
      throw new JsonError(`json with a number of more than ${MAX_DIGITS} characters`);
    return BigInt(source);
  }
  if (!Number.isFinite(value)) throw new JsonError(`json number out of range "${source.slice(0, 80)}"`);
  return value;
}

function isNestedTooDeep(text: string): boolean {
  if (countUpTo(text, MAX_JSON_DEPTH + 1) <= MAX_JSON_DEPTH) return false;
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (isInString) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) isInString = false;
    } else if (unit === 0x22) {
      isInString = true;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    }
  }
  return false;
}

/** Opening brackets anywhere, also in strings; stops at `limit`. */
function countUpTo(text: string, limit: number): number {
  let count = 0;
  for (const bracket of ["{", "["]) {
    let at = text.indexOf(bracket);
    while (at !== -1 && count < limit) {
      count++;
      at = text.indexOf(bracket, at + 1);
    }
  }
  return count;
}

/** TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** Throws a `JsonError` where `value` is no JSON value; members that are undefined are left out. */
export function stringifyJson(value: unknown): string {
  return inspect(value).hasBigint ? JSON.stringify(value, bigintAsDigits) : JSON.stringify(value);
}

/**
 * The same for a value that is known to be JSON because it was read or checked by this file's functions: does not look
 * at it again.
 */
export function stringifyChecked(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Only a bigint makes JSON.stringify throw on such a value.
    return JSON.stringify(value, bigintAsDigits);
  }
}

/**
 * RFC 8785: members sorted by UTF-16 units, numbers as JavaScript writes them. The one text of a value, for hashing:
 * equal values give equal texts, also in Python.
 */
export function canonicalJson(value: unknown): string {
  inspect(value);
  return canonical(value);
}

/** `canonicalJson` of a value that is known to be JSON. */
export function canonicalJsonChecked(value: unknown): string {
  return canonical(value);
}

/** Reads the holder, because `value` has already been through any `toJSON` of bigints that an application defined. */
function bigintAsDigits(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const own = this[key];
  return typeof own === "bigint" ? rawJSON(own.toString()) : value;
}

function canonical(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = value as Record<string, unknown>;
  let text = "";
  for (const key of Object.keys(members).sort()) {
    if (members[key] === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonical(members[key])}`;
  }
  return `{${text}}`;
}

interface Facts {
  hasBigint: boolean;
}
/** Where and why a value is no JSON; the path is put together from the inside out. */
interface Misfit {
  path: string;
  message: string;
}

function inspect(value: unknown): Facts {
  const facts: Facts = { hasBigint: false };
  const misfit = misfitOf(value, MAX_JSON_DEPTH, facts);
  if (misfit !== undefined) throw new JsonError(misfit.message, `$${misfit.path}`);
  return facts;
}

function misfitOf(value: unknown, depth: number, facts: Facts): Misfit | undefined {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? undefined : { path: "", message: "string with a lone surrogate" };
    case "number":
      return Number.isFinite(value) ? undefined : { path: "", message: `${value} is no json number` };
    case "bigint":
      facts.hasBigint = true;
      return undefined;
    case "boolean":
      return undefined;
    case "object":
      if (value === null) return undefined;
      if (depth === 0) return { path: "", message: `value nested more than ${MAX_JSON_DEPTH} deep` };
      return Array.isArray(value) ? ofItems(value, depth, facts) : ofMembers(value, depth, facts);
    default:
      return { path: "", message: `${typeof value} is no json value` };
  }
}

function ofItems(items: readonly unknown[], depth: number, facts: Facts): Misfit | undefined {
  for (let i = 0; i < items.length; i++) {
    const misfit = misfitOf(items[i], depth - 1, facts);
    if (misfit !== undefined) return { ...misfit, path: `[${i}]${misfit.path}` };
  }
  return undefined;
}

function ofMembers(value: object, depth: number, facts: Facts): Misfit | undefined {
  if (!isPlainObject(value)) return { path: "", message: `${value.constructor.name} is no json value` };
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    const misfit = isKey(key)
      ? misfitOf(member, depth - 1, facts)
      : { path: "", message: "member's name that json may not have" };
    if (misfit !== undefined) return { ...misfit, path: `[${JSON.stringify(shorten(key))}]${misfit.path}` };
  }
  return undefined;
}
