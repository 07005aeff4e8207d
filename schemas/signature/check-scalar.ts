// Whether a wire value fits a type that holds no other types. One predicate a kind, made once and called often.

import { RE2JS } from "re2js";
import { isJsonValue, isPlainObject } from "../envelope/json-value.ts";
import type { BytesType, FloatType, IntType, LiteralType, LiteralValue, StrType } from "./ast.ts";
import { normalNumber } from "./literal-parser.ts";
import { codePointLength } from "./shorten.ts";

type Fits = (value: unknown) => boolean;

/** A text that `test` takes, and lengths in code points. */
export function strFits(type: StrType): Fits {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = type;
  // RE2 searches in time linear in the value, whatever the pattern is.
  const search = pattern === undefined ? undefined : RE2JS.compile(pattern);
  return (value) => {
    if (typeof value !== "string" || value.length < minLength) return false;
    // Units bound points from both sides, so that most texts are not counted.
    if (value.length > maxLength || value.length < 2 * minLength) {
      if (value.length > 2 * maxLength) return false;
      const length = codePointLength(value);
      if (length < minLength || length > maxLength) return false;
    }
    return value.isWellFormed() && (search === undefined || search.test(value));
  };
}

export function intFits(type: IntType): Fits {
  const bounds = boundsFit(type);
  const { multipleOf } = type;
  return (value) => {
    if (typeof value !== "bigint" && !(typeof value === "number" && Number.isInteger(value))) return false;
    return bounds(value) && (multipleOf === undefined || BigInt(value) % BigInt(multipleOf) === 0n);
  };
}

const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** The number that `"NaN"`, `"Infinity"` and `"-Infinity"` stand for. */
export function notFinite(value: unknown): number | undefined {
  return typeof value === "string" && Object.hasOwn(NOT_FINITE, value) ? NOT_FINITE[value] : undefined;
}

export function floatFits(type: FloatType): Fits {
  const bounds = boundsFit(type);
  const step = type.multipleOf === undefined ? undefined : Number(type.multipleOf);
  const allowsNotFinite = type.allowInfNan === true;
  return (value) => {
    let number: number;
    if (typeof value === "number" || typeof value === "bigint") {
      number = Number(value);
      if (!Number.isFinite(number)) return false;
    } else {
      const special = allowsNotFinite ? notFinite(value) : undefined;
      if (special === undefined) return false;
      number = special;
    }
    return bounds(number) && (step === undefined || isMultiple(number, step));
  };
}

/** As near as floats can tell; Python computes the same. */
function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(quotient - Math.floor(quotient + 0.5)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

/** Bigints and numbers compare exactly with one another; NaN fits no bound. */
function boundsFit(type: IntType | FloatType): (value: number | bigint) => boolean {
  const { ge, gt, le, lt } = type;
  if (ge === undefined && gt === undefined && le === undefined && lt === undefined) return () => true;
  return (value) =>
    (ge === undefined || value >= ge) &&
    (gt === undefined || value > gt) &&
    (le === undefined || value <= le) &&
    (lt === undefined || value < lt);
}

export function literalFits(type: LiteralType): Fits {
  const values: ReadonlySet<unknown> = new Set(type.values);
  return (value) =>
    values.has(typeof value === "number" || typeof value === "bigint" ? normalNumber(value) : value);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** The last letters whose unused bits are zero, by the number of `=` behind them. */
const LAST: readonly RegExp[] = [/^$|[^=]$/, /[AEIMQUYcgkosw048]=$/, /[AQgw]==$/];

/** `{"$bytes": base64}` in its one spelling. */
export function bytesFits(type: BytesType): Fits {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = type;
  return (value) => {
    const text = onlyMember(value, "$bytes");
    if (typeof text !== "string" || text.length % 4 !== 0 || !BASE64.test(text)) return false;
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
    if (LAST[padding]?.test(text.slice(-4)) !== true) return false;
    const length = (text.length / 4) * 3 - padding;
    return length >= minLength && length <= maxLength;
  };
}

/** As DSPy takes it: http or https with a host in ASCII, or data in the URL itself. */
const IMAGE_URL =
  /^(?:https?:\/\/(?:[A-Za-z0-9._~%!$&'()*+,;=:@-]+|\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\](?::[0-9]+)?)(?:[/?#]|$)|data:.)/s;

/** `{"$image": {url}}` or `{"$image": {ref}}`. */
export function imageFits(value: unknown): boolean {
  const image = onlyMember(value, "$image");
  const url = onlyMember(image, "url");
  if (url !== undefined) return typeof url === "string" && url.isWellFormed() && IMAGE_URL.test(url);
  return isReferenceBody(onlyMember(image, "ref"));
}

/** `{"$ref": …}`: stands in for a value that is too large to travel itself. */
export function isReference(value: unknown): boolean {
  return isReferenceBody(onlyMember(value, "$ref"));
}

function isReferenceBody(body: unknown): boolean {
  if (!isPlainObject(body) || Object.keys(body).length !== 5) return false;
  const { bucket, key, sizeBytes, sha256, contentType } = body;
  const isNamed = [bucket, key, contentType].every(
    (text) => typeof text === "string" && text !== "" && text.isWellFormed(),
  );
  return (
    isNamed &&
    Number.isSafeInteger(sizeBytes) &&
    (sizeBytes as number) >= 0 &&
    typeof sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

/** A list of `{inputs, outputs}`. */
export function historyFits(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (turn) =>
        isPlainObject(turn) &&
        Object.keys(turn).length === 2 &&
        isPlainObject(turn.inputs) &&
        isPlainObject(turn.outputs) &&
        isJsonValue(turn),
    )
  );
}

/** What `key` holds if it is the object's only member. */
function onlyMember(value: unknown, key: string): unknown {
  if (!isPlainObject(value) || !Object.hasOwn(value, key)) return undefined;
  return Object.keys(value).length === 1 ? value[key] : undefined;
}

export function isLiteralValue(value: unknown): value is LiteralValue {
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}
