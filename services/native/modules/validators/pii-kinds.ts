// The kinds of personal data that can be told by their form: a pattern finds candidates in linear time (every repetition
// is bounded, and none begins inside of a run), a check decides: Luhn, IBAN's remainder, areas of social security numbers.

import { ibanLength } from "./iban-lengths.ts";
import { isIpv4, isIpv6 } from "./ip-address.ts";

export const PII_KINDS = ["email", "iban", "card", "ssn", "ip", "phone"] as const;
export type PiiKind = (typeof PII_KINDS)[number];

interface Detector {
  readonly pattern: RegExp;
  /** How many units of the candidate are it; 0 = it is none. */
  readonly length: (candidate: string) => number;
}

const whole = (holds: (candidate: string) => boolean) => (candidate: string) =>
  holds(candidate) ? candidate.length : 0;

/** Where two kinds overlap, the first of this order counts. */
export const DETECTORS: Record<PiiKind, Detector> = {
  email: {
    pattern:
      /(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/g,
    length: (candidate) => candidate.length,
  },
  iban: {
    pattern: /(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}/g,
    length: ibanIn,
  },
  card: {
    pattern: /(?<![0-9])(?<![0-9][ .-])[2-6](?:[ -]?[0-9]){12,18}(?![0-9])/g,
    length: whole(isCardNumber),
  },
  ssn: {
    pattern: /(?<![0-9])(?<![0-9]-)[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9]|-[0-9])/g,
    length: whole((text) => !/^(?:000|666)|-00-|-0000$/.test(text)),
  },
  ip: {
    pattern:
      /(?<![A-Za-z0-9_:.])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9]|\.[0-9])|[0-9A-Fa-f:]{2,39}(?![A-Za-z0-9_:]))/g,
    length: whole((text) => isIpv4(text) || (isIpv6(text) && /[0-9]/.test(text))),
  },
  phone: {
    // +49 (30) 1234567, (212) 555-0100; 212-555-0100, 030 123456, 01 42 68 53 00, 020 7946 0958
    pattern:
      /(?<![A-Za-z0-9+])(?:\+[1-9][0-9]{0,2} ?(?:\([0-9]{1,5}\))?(?:[ ./-]?[0-9]{1,5}){2,7}|\([0-9]{3}\) ?[0-9]{3}[ .-][0-9]{4}|(?<![0-9][ .-])(?:[2-9][0-9]{2}[.-][0-9]{3}[.-][0-9]{4}|0[1-9][0-9]{1,3}[ /-][0-9]{3,4}(?:[ -]?[0-9]{2,5}){0,2}|0[1-9](?: [0-9]{2}){4}|0[1-9][0-9]?[ /-][0-9]{4}[ -][0-9]{4}))(?![0-9])/g,
    length: whole((text) => isBetween(digitsOf(text).length, 7, 15)),
  },
};

/** Sum of the digits, every second from the right doubled, is a multiple of ten. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = digit * 2;
    sum += at % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function isCardNumber(text: string): boolean {
  const digits = digitsOf(text);
  return isBetween(digits.length, 13, 19) && passesLuhn(digits);
}

/** The front of the candidate that is as long as the country's numbers are and has the remainder 1. */
function ibanIn(candidate: string): number {
  const length = ibanLength(candidate.slice(0, 2));
  if (length === undefined) return 0;
  let signs = "";
  let at = 0;
  for (; at < candidate.length && signs.length < length; at++) {
    if (candidate[at] !== " ") signs += candidate[at];
  }
  const next = candidate[at];
  if (signs.length < length || (next !== undefined && next !== " ")) return 0;
  return hasIbanRemainder(signs) ? at : 0;
}

/** Country and check digits behind the rest, letters as numbers from 10: the remainder by 97 is 1. */
export function hasIbanRemainder(iban: string): boolean {
  let remainder = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

function digitsOf(text: string): string {
  return text.replace(/[^0-9]/g, "");
}

function isBetween(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}
