// Numbers of the calculator: fractions of bigints, which lose nothing, and doubles where a root or the like has no
// fraction. Sizes are bounded, so that no expression can hold the process. Pure.

import { DspexError } from "../../../schemas/errors.ts";

export type ExactNumber = { top: bigint; bottom: bigint } | { about: number };

/** About as many digits as anybody reads; a larger result is refused, not computed. */
const MAX_BITS = 4_096;
const MAX_EXPONENT = 1_200n;

export function fraction(top: bigint, bottom = 1n): ExactNumber {
  if (bottom === 0n)
    throw new DspexError("invalid_inputs", "division by zero", { path: "inputs.expression" });
  const sign = bottom < 0n ? -1n : 1n;
  const divisor = greatestDivisor(top < 0n ? -top : top, bottom * sign);
  return bounded({ top: (top * sign) / divisor, bottom: (bottom * sign) / divisor });
}

export function about(value: number): ExactNumber {
  if (Number.isNaN(value))
    throw new DspexError("invalid_inputs", "the result is no real number", { path: "inputs.expression" });
  if (!Number.isFinite(value)) throw tooLarge();
  return { about: value };
}

/** `12`, `0.5`, `1.5e-3`, as the decimal fraction that they say. */
export function fromDecimal(text: string): ExactNumber {
  const [, whole = "", part = "", exponent = "0"] = /^(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const power = BigInt(exponent) - BigInt(part.length);
  if (power > MAX_EXPONENT || power < -MAX_EXPONENT) throw tooLarge();
  const digits = BigInt(whole + part);
  return power >= 0n ? fraction(digits * 10n ** power) : fraction(digits, 10n ** -power);
}

export function toDouble(value: ExactNumber): number {
  if ("about" in value) return value.about;
  const { top, bottom } = value;
  if (bottom === 1n) return finite(Number(top));
  const [a, b] = [Number(top), Number(bottom)];
  if (Number.isFinite(a) && Number.isFinite(b)) return a / b;
  // Both are shortened alike, to what a double can hold.
  const shift = BigInt(Math.max(bits(top), bits(bottom)) - 1_000);
  return finite(Number(top >> shift) / Number(bottom >> shift));
}

/** All digits: `391`, `0.3`, and `1/3` where the decimals would not end. */
export function toText(value: ExactNumber): string {
  if ("about" in value) return String(value.about);
  const { top, bottom } = value;
  if (bottom === 1n) return top.toString();
  const places = decimalPlaces(bottom);
  if (places === undefined) return `${top}/${bottom}`;
  const digits = ((top < 0n ? -top : top) * 10n ** BigInt(places)) / bottom;
  const padded = digits.toString().padStart(places + 1, "0");
  return `${top < 0n ? "-" : ""}${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

export function add(a: ExactNumber, b: ExactNumber): ExactNumber {
  if ("about" in a || "about" in b) return about(toDouble(a) + toDouble(b));
  return fraction(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
}

export function negate(a: ExactNumber): ExactNumber {
  return "about" in a ? about(-a.about) : { top: -a.top, bottom: a.bottom };
}

export function multiply(a: ExactNumber, b: ExactNumber): ExactNumber {
  if ("about" in a || "about" in b) return about(toDouble(a) * toDouble(b));
  return fraction(a.top * b.top, a.bottom * b.bottom);
}

export function divide(a: ExactNumber, b: ExactNumber): ExactNumber {
  if ("about" in a || "about" in b) {
    if (toDouble(b) === 0) return fraction(1n, 0n);
    return about(toDouble(a) / toDouble(b));
  }
  return fraction(a.top * b.bottom, a.bottom * b.top);
}

/** Towards minus infinity. */
export function floor(a: ExactNumber): ExactNumber {
  if ("about" in a) return fraction(BigInt(Math.floor(a.about)));
  const down = a.top / a.bottom;
  return fraction(a.top < 0n && a.top % a.bottom !== 0n ? down - 1n : down);
}

/** Whole powers of fractions stay exact. */
export function power(base: ExactNumber, exponent: ExactNumber): ExactNumber {
  if ("about" in base || "about" in exponent || exponent.bottom !== 1n)
    return about(toDouble(base) ** toDouble(exponent));
  const times = exponent.top < 0n ? -exponent.top : exponent.top;
  const size = BigInt(Math.max(bits(base.top), bits(base.bottom)));
  if (size > 1n && times * size > BigInt(MAX_BITS)) throw tooLarge();
  // 0, 1 and -1 to any power.
  const small = size <= 1n ? 2n - (times % 2n) : times;
  const [top, bottom] = [base.top ** (times === 0n ? 0n : small), base.bottom ** (times === 0n ? 0n : small)];
  return exponent.top < 0n ? fraction(bottom, top) : fraction(top, bottom);
}

/** Exact for squares of fractions. */
export function squareRoot(a: ExactNumber): ExactNumber {
  if ("about" in a || a.top < 0n) return about(Math.sqrt(toDouble(a)));
  const [top, bottom] = [wholeRoot(a.top), wholeRoot(a.bottom)];
  return top !== undefined && bottom !== undefined ? fraction(top, bottom) : about(Math.sqrt(toDouble(a)));
}

export function compare(a: ExactNumber, b: ExactNumber): number {
  if ("about" in a || "about" in b) return toDouble(a) - toDouble(b);
  const difference = a.top * b.bottom - b.top * a.bottom;
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

function wholeRoot(square: bigint): bigint | undefined {
  if (square < 2n) return square;
  let root = 1n << BigInt((bits(square) + 1) >> 1);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root * root === square ? root : undefined;
    root = next;
  }
}

/** How many decimals a fraction has, or undefined where they do not end. */
function decimalPlaces(bottom: bigint): number | undefined {
  let [rest, twos, fives] = [bottom, 0, 0];
  for (; rest % 2n === 0n; twos++) rest /= 2n;
  for (; rest % 5n === 0n; fives++) rest /= 5n;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

function bounded(value: { top: bigint; bottom: bigint }): ExactNumber {
  if (bits(value.top) > MAX_BITS || bits(value.bottom) > MAX_BITS) throw tooLarge();
  return value;
}

function bits(value: bigint): number {
  const hex = (value < 0n ? -value : value).toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)));
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw tooLarge();
  return value;
}

function tooLarge(): DspexError {
  return new DspexError("invalid_inputs", "the result is too large", { path: "inputs.expression" });
}
