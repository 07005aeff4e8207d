// Reads an expression over variables into a tree: numbers, texts, true and false, names, arithmetic, comparisons, and,
// or, not, `c ? a : b` and functions. Nothing is ever evaluated as code. Pure.
//
//   expression := either ["?" expression ":" expression]      either     := both (("or" | "||") both)*
//   both       := not (("and" | "&&") not)*                    not        := ("not" | "!") not | comparison
//   comparison := sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]
//   sum        := product (("+" | "-") product)*               product    := sign (("*" | "/" | "%") sign)*
//   sign       := ("-" | "+") sign | power                     power      := atom ["**" sign]
//   atom       := number | text | name | name "(" expression ("," expression)* ")" | "(" expression ")"

import { DspexError } from "../../../schemas/errors.ts";
import { MAX_EXPRESSION } from "../../../schemas/messages/variable-event.ts";
import { OPERATIONS } from "./operations.ts";

export type Node =
  | { kind: "constant"; value: number | string | boolean }
  | { kind: "name"; name: string; at: number }
  /** An operator or a function; `if`, `and` and `or` look only at what they need. */
  | { kind: "operation"; name: string; parts: readonly Node[]; at: number };

export interface Expression {
  text: string;
  root: Node;
  /** Variables that it reads. */
  names: ReadonlySet<string>;
}

const MAX_DEPTH = 50;
const TOKEN =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z]\w*)|(\*\*|\|\||&&|[=!<>]=|[-+*/%<>!?:,()]))/y;
/** The same with names that go into what they name: `check.score`, `found.passages.0`. */
const DOTTED_TOKEN = new RegExp(TOKEN.source.replace("([A-Za-z]\\w*)", "([A-Za-z]\\w*(?:\\.\\w+)*)"), "y");
/** Other spellings of the same. */
const SAME = new Map([
  ["||", "or"],
  ["&&", "and"],
  ["!", "not"],
]);
const COMPARISONS = ["==", "!=", "<=", ">=", "<", ">"];

interface Token {
  number?: string | undefined;
  text?: string | undefined;
  word?: string | undefined;
  sign?: string | undefined;
  /** Where it begins and ends. */
  at: number;
  end: number;
}

interface Reader {
  source: string;
  token: RegExp;
  next: Token | undefined;
  depth: number;
  names: Set<string>;
}

export interface ParseOptions {
  /** Names may have dots. */
  dotted?: boolean;
}

/** @throws DspexError `invalid_inputs` that says where. */
export function parseExpression(source: string, { dotted = false }: ParseOptions = {}): Expression {
  if (source.length > MAX_EXPRESSION)
    throw new DspexError(
      "invalid_inputs",
      `an expression has at most ${MAX_EXPRESSION} characters, not ${source.length}`,
    );
  const token = dotted ? DOTTED_TOKEN : TOKEN;
  const reader: Reader = { source, token, next: undefined, depth: 0, names: new Set() };
  reader.next = tokenAt(reader, 0);
  const root = readExpression(reader);
  if (reader.next !== undefined) fail(reader, "an operator or the end");
  return { text: source, root, names: reader.names };
}

function readExpression(reader: Reader): Node {
  return deeper(reader, () => {
    const condition = readLeft(reader, ["or"], readBoth);
    const at = reader.next?.at ?? 0;
    if (!take(reader, "?")) return condition;
    const yes = readExpression(reader);
    if (!take(reader, ":")) fail(reader, "':'");
    return { kind: "operation", name: "if", parts: [condition, yes, readExpression(reader)], at };
  });
}

function readBoth(reader: Reader): Node {
  return readLeft(reader, ["and"], readNot);
}

function readNot(reader: Reader): Node {
  const at = reader.next?.at ?? 0;
  if (!take(reader, "not")) return readComparison(reader);
  return deeper(reader, () => ({ kind: "operation", name: "not", parts: [readNot(reader)], at }));
}

/** Comparisons do not chain: `a < b < c` means something else in every language. */
function readComparison(reader: Reader): Node {
  const left = readSum(reader);
  const { at, sign = "" } = reader.next ?? { at: 0 };
  if (!COMPARISONS.includes(sign)) return left;
  advance(reader);
  const right = readSum(reader);
  if (COMPARISONS.includes(reader.next?.sign ?? "")) fail(reader, "'and' between two comparisons");
  return { kind: "operation", name: sign, parts: [left, right], at };
}

function readSum(reader: Reader): Node {
  return readLeft(reader, ["+", "-"], readProduct);
}

function readProduct(reader: Reader): Node {
  return readLeft(reader, ["*", "/", "%"], readSign);
}

/** What is grouped from the left: `a - b - c` is `(a - b) - c`. */
function readLeft(reader: Reader, names: readonly string[], readPart: (reader: Reader) => Node): Node {
  let left = readPart(reader);
  for (;;) {
    const at = reader.next?.at ?? 0;
    const name = names.find((one) => take(reader, one));
    if (name === undefined) return left;
    left = { kind: "operation", name, parts: [left, readPart(reader)], at };
  }
}

function readSign(reader: Reader): Node {
  const at = reader.next?.at ?? 0;
  if (take(reader, "+")) return deeper(reader, () => readSign(reader));
  if (!take(reader, "-")) return readPower(reader);
  return deeper(reader, () => ({ kind: "operation", name: "negate", parts: [readSign(reader)], at }));
}

function readPower(reader: Reader): Node {
  const base = readAtom(reader);
  const at = reader.next?.at ?? 0;
  if (!take(reader, "**")) return base;
  return deeper(reader, () => ({ kind: "operation", name: "**", parts: [base, readSign(reader)], at }));
}

function readAtom(reader: Reader): Node {
  const token = reader.next;
  if (take(reader, "(")) {
    const inner = readExpression(reader);
    if (!take(reader, ")")) fail(reader, "')'");
    return inner;
  }
  if (token?.number !== undefined) {
    const value = Number(token.number);
    if (!Number.isFinite(value)) fail(reader, "a smaller number");
    advance(reader);
    return { kind: "constant", value };
  }
  if (token?.text !== undefined) {
    advance(reader);
    return { kind: "constant", value: token.text.slice(1, -1).replaceAll(/\\(.)/gsu, "$1") };
  }
  if (token?.word === undefined || SAME.values().some((word) => word === token.word))
    return fail(reader, "a number, a text, a name or '('");
  advance(reader);
  const { word: name, at } = token;
  if (name === "true" || name === "false") return { kind: "constant", value: name === "true" };
  if (reader.next?.sign === "(") return readCall(reader, name, token);
  reader.names.add(name);
  return { kind: "name", name, at };
}

function readCall(reader: Reader, name: string, token: Token): Node {
  const isFunction = OPERATIONS.get(name)?.isFunction === true;
  if (!isFunction) {
    const known = [...OPERATIONS].flatMap(([one, { isFunction: is }]) => (is === true ? [one] : []));
    reader.next = token;
    fail(reader, `one of the functions ${known.join(", ")}`);
  }
  take(reader, "(");
  const parts = [readExpression(reader)];
  while (take(reader, ",")) parts.push(readExpression(reader));
  if (!take(reader, ")")) fail(reader, "',' or ')'");
  return { kind: "operation", name, parts, at: token.at };
}

function deeper(reader: Reader, read: () => Node): Node {
  if (++reader.depth > MAX_DEPTH) fail(reader, `at most ${MAX_DEPTH} levels`);
  const node = read();
  reader.depth--;
  return node;
}

function tokenAt(reader: Reader, from: number): Token | undefined {
  reader.token.lastIndex = from;
  const found = reader.token.exec(reader.source);
  const rest = reader.source.slice(from);
  const at = from + rest.length - rest.trimStart().length;
  if (found === null) {
    if (rest.trim() !== "") failAt(reader, at, "an expression");
    return undefined;
  }
  const [all, number, text, word, sign] = found;
  return { number, text, word, sign, at, end: from + all.length };
}

function advance(reader: Reader): void {
  reader.next = tokenAt(reader, reader.next?.end ?? reader.source.length);
}

function take(reader: Reader, name: string): boolean {
  const { sign = "", word } = reader.next ?? {};
  if ((SAME.get(sign) ?? (sign === "" ? word : sign)) !== name) return false;
  advance(reader);
  return true;
}

function fail(reader: Reader, expected: string): never {
  failAt(reader, reader.next?.at ?? reader.source.length, expected);
}

function failAt({ source }: Reader, at: number, expected: string): never {
  const rest = source.slice(at).trim();
  const got = rest === "" ? "the end" : JSON.stringify(rest.slice(0, 20));
  throw new DspexError("invalid_inputs", `expected ${expected} at ${at}, got ${got}`);
}
