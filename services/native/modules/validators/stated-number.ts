// Numbers as people write them in texts: 1,200 or 1200, 3.50, $4, 25 %, 2 million. Read exactly, with how many decimals
// were stated. Comma for thousands, point for decimals: 1.200,50 is not read.

import {
  add,
  compare,
  divide,
  type ExactNumber,
  floor,
  fraction,
  fromDecimal,
  multiply,
  negate,
  toText,
} from "../../programs/exact-number.ts";

export interface StatedNumber {
  readonly value: ExactNumber;
  /** Half of the last digit's unit: how far rounding can have moved it. */
  readonly halfUnit: ExactNumber;
  /** Digits behind the point. */
  readonly decimals: number;
}

/** Longer runs of digits are ids, not quantities. */
export const DIGITS = "(?:[0-9]{1,3}(?:,[0-9]{3}){1,9}(?![0-9])|[0-9]{1,40})(?:\\.[0-9]{1,40})?";
const SCALES: Record<string, bigint> = {
  thousand: 1_000n,
  million: 1_000_000n,
  billion: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
};
export const SCALE_WORDS = Object.keys(SCALES).join("|");
const ZERO = fraction(0n);
const HALF = fraction(1n, 2n);
const PERCENT = fraction(1n, 100n);

/** `digits` as matched by `DIGITS`. */
export function readStated(
  digits: string,
  {
    isNegative = false,
    isPercent = false,
    scale,
  }: { isNegative?: boolean; isPercent?: boolean; scale?: string } = {},
): StatedNumber {
  const plain = digits.replaceAll(",", "");
  const decimals = plain.includes(".") ? plain.length - plain.indexOf(".") - 1 : 0;
  const unit = multiply(
    isPercent ? PERCENT : fraction(1n),
    fraction(SCALES[scale?.toLowerCase() ?? ""] ?? 1n),
  );
  const size = multiply(fromDecimal(plain), unit);
  const halfUnit = multiply(divide(HALF, fraction(10n ** BigInt(decimals))), unit);
  return { value: isNegative ? negate(size) : size, halfUnit, decimals };
}

/** Exactly, or where `mayRound`, as the stated digits are rounded. */
export function agrees(stated: StatedNumber, exact: ExactNumber, mayRound: boolean): boolean {
  const difference = distance(stated.value, exact);
  return compare(difference, mayRound ? stated.halfUnit : ZERO) <= 0;
}

function distance(a: ExactNumber, b: ExactNumber): ExactNumber {
  const difference = add(a, negate(b));
  return compare(difference, ZERO) < 0 ? negate(difference) : difference;
}

/** For messages: all digits, or six decimals where they do not end soon. */
export function shownNumber(value: ExactNumber): string {
  const text = toText(value);
  if (!text.includes("/") && text.length <= 30) return text;
  const million = fraction(1_000_000n);
  return `about ${toText(divide(floor(add(multiply(value, million), HALF)), million))}`;
}
