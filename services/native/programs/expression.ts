// Reads and computes arithmetic: numbers, + - * / // % ** ^ ( ), functions and pi, e. Nothing is ever evaluated as code.
//
//   sum := product (("+" | "-") product)*            product := unary (("*" | "/" | "//" | "%") unary)*
//   unary := ("+" | "-") unary | power               power := atom ["**" unary]
//   atom := number | name | name "(" sum ("," sum)* ")" | "(" sum ")"

import { DspexError } from "../../../schemas/errors.ts";
import {
  about,
  add,
  compare,
  divide,
  type ExactNumber,
  floor,
  fraction,
  fromDecimal,
  multiply,
  negate,
  power,
  squareRoot,
  toDouble,
} from "./exact-number.ts";

const MAX_LENGTH = 500;
const MAX_DEPTH = 100;
const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|\/\/|[-+*/%^(),]))/y;
const SPELLINGS: readonly [RegExp, string][] = [
  [/[×·⋅]/g, "*"],
  [/÷/g, "/"],
  [/[−–]/g, "-"],
];

type Compute = (...values: ExactNumber[]) => ExactNumber;
interface FunctionOf {
  least: number;
  most: number;
  compute: Compute;
}

const viaDouble = (f: (x: number) => number): FunctionOf => ({
  least: 1,
  most: 1,
  compute: (x = ZERO) => about(f(toDouble(x))),
});
const ZERO = fraction(0n);
const ONE = fraction(1n);
const HALF = fraction(1n, 2n);

const FUNCTIONS = new Map<string, FunctionOf>([
  ["sqrt", { least: 1, most: 1, compute: (x = ZERO) => squareRoot(x) }],
  ["abs", { least: 1, most: 1, compute: (x = ZERO) => (compare(x, ZERO) < 0 ? negate(x) : x) }],
  ["floor", { least: 1, most: 1, compute: (x = ZERO) => floor(x) }],
  ["ceil", { least: 1, most: 1, compute: (x = ZERO) => negate(floor(negate(x))) }],
  ["round", { least: 1, most: 2, compute: (x = ZERO, places = ZERO) => round(x, places) }],
  [
    "min",
    { least: 1, most: MAX_LENGTH, compute: (...xs) => xs.reduce((a, b) => (compare(b, a) < 0 ? b : a)) },
  ],
  [
    "max",
    { least: 1, most: MAX_LENGTH, compute: (...xs) => xs.reduce((a, b) => (compare(b, a) > 0 ? b : a)) },
  ],
  ["ln", viaDouble(Math.log)],
  ["log", viaDouble(Math.log10)],
  ["exp", viaDouble(Math.exp)],
  ["sin", viaDouble(Math.sin)],
  ["cos", viaDouble(Math.cos)],
  ["tan", viaDouble(Math.tan)],
]);
const CONSTANTS = new Map([
  ["pi", about(Math.PI)],
  ["e", about(Math.E)],
]);

interface Reader {
  text: string;
  at: number;
  depth: number;
}
type Token = { number: string } | { name: string } | { sign: string } | undefined;

/** @throws DspexError `invalid_inputs` that says where. */
export function computeExpression(given: string): ExactNumber {
  if (given.length > MAX_LENGTH)
    throw new DspexError(
      "invalid_inputs",
      `an expression has at most ${MAX_LENGTH} characters, not ${given.length}`,
      {
        path: "inputs.expression",
      },
    );
  const text = SPELLINGS.reduce((spelled, [from, to]) => spelled.replace(from, to), given);
  const reader: Reader = { text, at: 0, depth: 0 };
  const value = readSum(reader);
  if (peek(reader) !== undefined) fail(reader, "an operator or the end");
  return value;
}

function readSum(reader: Reader): ExactNumber {
  if (++reader.depth > MAX_DEPTH) fail(reader, `at most ${MAX_DEPTH} levels of parentheses`);
  let value = readProduct(reader);
  for (;;) {
    if (take(reader, "+")) value = add(value, readProduct(reader));
    else if (take(reader, "-")) value = add(value, negate(readProduct(reader)));
    else break;
  }
  reader.depth--;
  return value;
}

function readProduct(reader: Reader): ExactNumber {
  let value = readUnary(reader);
  for (;;) {
    if (take(reader, "*")) value = multiply(value, readUnary(reader));
    else if (take(reader, "//")) value = floor(divide(value, readUnary(reader)));
    else if (take(reader, "/")) value = divide(value, readUnary(reader));
    else if (take(reader, "%")) value = modulo(value, readUnary(reader));
    else return value;
  }
}

function readUnary(reader: Reader): ExactNumber {
  let isNegative = false;
  for (;;) {
    if (take(reader, "-")) isNegative = !isNegative;
    else if (!take(reader, "+")) break;
  }
  const value = readPower(reader);
  return isNegative ? negate(value) : value;
}

function readPower(reader: Reader): ExactNumber {
  const base = readAtom(reader);
  if (!take(reader, "**") && !take(reader, "^")) return base;
  if (++reader.depth > MAX_DEPTH) fail(reader, `at most ${MAX_DEPTH} levels`);
  const exponent = readUnary(reader);
  reader.depth--;
  return power(base, exponent);
}

function readAtom(reader: Reader): ExactNumber {
  if (take(reader, "(")) {
    const value = readSum(reader);
    if (!take(reader, ")")) fail(reader, "')'");
    return value;
  }
  const token = peek(reader);
  if (token !== undefined && "number" in token) {
    advance(reader);
    return fromDecimal(token.number);
  }
  if (token === undefined || !("name" in token)) fail(reader, "a number, a name or '('");
  const start = reader.at;
  advance(reader);
  const name = token.name.toLowerCase();
  const constant = CONSTANTS.get(name);
  if (constant !== undefined) return constant;
  const found = FUNCTIONS.get(name);
  if (found === undefined) {
    reader.at = start;
    fail(reader, `one of ${[...FUNCTIONS.keys(), ...CONSTANTS.keys()].join(", ")}`);
  }
  return found.compute(...readArguments(reader, name, found));
}

function readArguments(reader: Reader, name: string, { least, most }: FunctionOf): ExactNumber[] {
  if (!take(reader, "(")) fail(reader, `'(' behind ${name}`);
  const values = [readSum(reader)];
  while (take(reader, ",")) values.push(readSum(reader));
  if (!take(reader, ")")) fail(reader, "',' or ')'");
  if (values.length < least || values.length > most)
    fail(
      reader,
      `${least === most ? least : `${least} to ${most}`} arguments of ${name}, not ${values.length}`,
    );
  return values;
}

/** The sign of the divisor, as in Python. */
function modulo(a: ExactNumber, b: ExactNumber): ExactNumber {
  return add(a, negate(multiply(b, floor(divide(a, b)))));
}

/** Halves away from zero, as people round. */
function round(x: ExactNumber, places: ExactNumber): ExactNumber {
  const scale = power(fraction(10n), places);
  const scaled = multiply(x, scale);
  const rounded =
    compare(scaled, ZERO) < 0 ? negate(floor(add(negate(scaled), HALF))) : floor(add(scaled, HALF));
  return multiply(rounded, divide(ONE, scale));
}

function peek(reader: Reader): Token {
  TOKEN.lastIndex = reader.at;
  const found = TOKEN.exec(reader.text);
  if (found === null) {
    if (reader.text.slice(reader.at).trim() !== "") fail(reader, "arithmetic");
    return undefined;
  }
  const [, number, name, sign] = found;
  if (number !== undefined) return { number };
  return name !== undefined ? { name } : { sign: sign ?? "" };
}

function advance(reader: Reader): void {
  TOKEN.lastIndex = reader.at;
  if (TOKEN.exec(reader.text) !== null) reader.at = TOKEN.lastIndex;
}

function take(reader: Reader, sign: string): boolean {
  const token = peek(reader);
  if (token === undefined || !("sign" in token) || token.sign !== sign) return false;
  advance(reader);
  return true;
}

function fail(reader: Reader, expected: string): never {
  const rest = reader.text.slice(reader.at).trim();
  const got = rest === "" ? "the end" : JSON.stringify(rest.slice(0, 20));
  throw new DspexError("invalid_inputs", `expected ${expected} at ${reader.at}, got ${got}`, {
    path: "inputs.expression",
  });
}
