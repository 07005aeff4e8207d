// Literals: strings, numbers, True/False/None in both spellings and, for defaults, lists and `{}`.

import type { AstNumber, DefaultValue, LiteralValue } from "./ast.ts";
import { MAX_TYPE_DEPTH } from "./ast.ts";
import {
  expect,
  fail,
  failExpecting,
  peek,
  position,
  type Scanner,
  stringEnd,
  take,
  takeWord,
  wordAt,
} from "./scanner.ts";
import { didYouMean } from "./suggest.ts";

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const MAX_NUMBER_LENGTH = 1_000;
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  True: true,
  true: true,
  False: false,
  false: false,
  None: null,
  null: null,
};

/** A value and where its text begins, so that whoever refuses it can quote it. */
export interface Located<Value> {
  value: Value;
  at: number;
  word: string;
}

export function parseLiteral(scanner: Scanner): Located<LiteralValue> {
  return located(scanner, () => scalar(scanner));
}

export function parseDefault(scanner: Scanner): Located<DefaultValue> {
  return located(scanner, () => defaultValue(scanner, 1));
}

function located<Value>(scanner: Scanner, parse: () => Value): Located<Value> {
  const at = position(scanner);
  const value = parse();
  return { value, at, word: scanner.text.slice(at, scanner.at) };
}

function defaultValue(scanner: Scanner, depth: number): DefaultValue {
  const next = peek(scanner);
  if (next === "{") {
    take(scanner, "{");
    expect(scanner, "}");
    return {};
  }
  if (next !== "[") return scalar(scanner);
  if (depth > MAX_TYPE_DEPTH) {
    fail(scanner, `lists nested more than ${MAX_TYPE_DEPTH} deep`, scanner.at, "[");
  }
  take(scanner, "[");
  const items: DefaultValue[] = [];
  if (take(scanner, "]")) return items;
  do items.push(defaultValue(scanner, depth + 1));
  while (take(scanner, ","));
  if (!take(scanner, "]")) failExpecting(scanner, '"," or "]"');
  return items;
}

function scalar(scanner: Scanner): LiteralValue {
  const next = peek(scanner);
  if (next === '"' || next === "'") return parseString(scanner);
  if (next === "-" || (next >= "0" && next <= "9")) return parseNumber(scanner);
  const at = scanner.at;
  const word = takeWord(scanner);
  if (Object.hasOwn(CONSTANTS, word)) return CONSTANTS[word] ?? null;
  if (word === "") failExpecting(scanner, "a literal");
  return fail(
    scanner,
    `expected a literal, got "${word.slice(0, 80)}"`,
    at,
    word,
    didYouMean(word, ["True", "False", "None"]),
  );
}

function parseNumber(scanner: Scanner): AstNumber {
  const { text, at } = scanner;
  NUMBER.lastIndex = at;
  const digits = NUMBER.exec(text)?.[0] ?? "";
  if (digits === "" || /[A-Za-z0-9_.]/.test(text[at + digits.length] ?? "")) {
    const word = wordAt(text, at);
    fail(scanner, `bad number "${word.slice(0, 80)}"`, at, word);
  }
  if (digits.length > MAX_NUMBER_LENGTH) {
    fail(scanner, `number longer than ${MAX_NUMBER_LENGTH} characters`, at, digits);
  }
  const value = Number(digits);
  const isDigitsOnly = !/[.eE]/.test(digits);
  if (!Number.isFinite(value) && !isDigitsOnly) fail(scanner, `number out of range "${digits}"`, at, digits);
  scanner.at += digits.length;
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  if (isDigitsOnly) return BigInt(digits);
  return normalNumber(value);
}

/** Integral values beyond 2^53 become bigints: in the AST what is integral is an integer. */
export function normalNumber(value: AstNumber): AstNumber {
  if (typeof value === "bigint") {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }
  if (value === 0) return 0;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", '"': '"', "'": "'", n: "\n", t: "\t" };

/** The string literal that comes next, without its quotes and escapes. */
export function parseString(scanner: Scanner): string {
  const { text, at: start } = scanner;
  const end = stringEnd(text, start);
  if (end === -1) fail(scanner, "string never ends, opened", start, text[start] ?? "");
  let value = "";
  let at = start + 1;
  for (;;) {
    const escapeAt = text.indexOf("\\", at);
    if (escapeAt === -1 || escapeAt >= end - 1) break;
    value += text.slice(at, escapeAt);
    const code = text[escapeAt + 1] ?? "";
    const plain = Object.hasOwn(ESCAPES, code) ? ESCAPES[code] : undefined;
    if (plain !== undefined) {
      value += plain;
      at = escapeAt + 2;
    } else {
      at = unicodeEscape(scanner, escapeAt);
      value += String.fromCodePoint(codePointOf(text, escapeAt, at));
    }
  }
  scanner.at = end;
  return value + text.slice(at, end - 1);
}

/** Checks the escape at `at` and says where it ends; a surrogate pair is one escape. */
function unicodeEscape(scanner: Scanner, at: number): number {
  const { text } = scanner;
  const hex = /u[0-9A-Fa-f]{0,4}/y;
  hex.lastIndex = at + 1;
  const found = hex.exec(text)?.[0] ?? "";
  if (found.length < 5) {
    const word = found === "" ? `\\${String.fromCodePoint(text.codePointAt(at + 1) ?? 0)}` : `\\${found}`;
    fail(scanner, `unknown escape "${word}" (a backslash is written \\\\)`, at, word);
  }
  const unit = Number.parseInt(found.slice(1), 16);
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const low = /\\u[dD][c-fC-F][0-9A-Fa-f]{2}/y;
  low.lastIndex = at + 6;
  if (unit > 0xdbff || !low.test(text)) fail(scanner, `lone surrogate "\\${found}"`, at, `\\${found}`);
  return at + 12;
}

function codePointOf(text: string, from: number, to: number): number {
  const first = Number.parseInt(text.slice(from + 2, from + 6), 16);
  if (to - from === 6) return first;
  const second = Number.parseInt(text.slice(from + 8, from + 12), 16);
  return (first - 0xd800) * 0x400 + (second - 0xdc00) + 0x10000;
}
