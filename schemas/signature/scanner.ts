// Moves through a signature's text: blanks, words, punctuation, and the one way to fail at a place.
// Positions are UTF-16 units inside; errors name code points.

import { codePointLength, shorten } from "./shorten.ts";
import { SignatureError } from "./signature-error.ts";

export interface Scanner {
  readonly text: string;
  /** Of the next unit to be read. */
  at: number;
}

const WORD = /[A-Za-z0-9_.]+/y;
const NAME = /[A-Za-z][A-Za-z0-9_]*/y;

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** Moves over white space and comments. */
function skipBlank(scanner: Scanner): void {
  const { text } = scanner;
  for (;;) {
    const char = text[scanner.at];
    if (char === "#") {
      const end = text.indexOf("\n", scanner.at);
      scanner.at = end === -1 ? text.length : end;
    } else if (char === " " || char === "\n" || char === "\t" || char === "\r") {
      scanner.at++;
    } else {
      return;
    }
  }
}

/** Whether `token` comes next; moves over it if so. */
export function take(scanner: Scanner, token: string): boolean {
  skipBlank(scanner);
  if (!scanner.text.startsWith(token, scanner.at)) return false;
  scanner.at += token.length;
  return true;
}

export function peek(scanner: Scanner): string {
  skipBlank(scanner);
  return scanner.text[scanner.at] ?? "";
}

/** Where the next token begins. */
export function position(scanner: Scanner): number {
  skipBlank(scanner);
  return scanner.at;
}

export function expect(scanner: Scanner, token: string): void {
  if (!take(scanner, token)) failExpecting(scanner, `"${token}"`);
}

/** A field's name, "" where none comes next. */
export function takeName(scanner: Scanner): string {
  skipBlank(scanner);
  const name = match(NAME, scanner.text, scanner.at);
  scanner.at += name.length;
  return name;
}

/** A run of letters, digits, `_` and `.`, "" where none comes next. */
export function takeWord(scanner: Scanner): string {
  skipBlank(scanner);
  const word = match(WORD, scanner.text, scanner.at);
  scanner.at += word.length;
  return word;
}

/** What a reader would point at: a word, `->`, a whole string, else one character; "" at the end. */
export function wordAt(text: string, at: number): string {
  const char = text[at];
  if (char === undefined) return "";
  if (char === '"' || char === "'") {
    const end = stringEnd(text, at);
    return end === -1 ? char : text.slice(at, end);
  }
  if (text.startsWith("->", at)) return "->";
  const sign = char === "-" ? 1 : 0;
  const run = match(WORD, text, at + sign);
  if (run !== "") return text.slice(at, at + sign + run.length);
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** Just behind the closing quote of the string that opens at `at`; -1 where it never closes. */
export function stringEnd(text: string, at: number): number {
  const quote = text[at];
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i + 1;
  }
  return -1;
}

export function fail(scanner: Scanner, message: string, at: number, word: string, hint = ""): never {
  const offset = codePointLength(scanner.text.slice(0, at));
  throw new SignatureError(`${message} at ${offset}${hint}`, offset, word);
}

/** Fails at what comes next. */
export function failExpecting(scanner: Scanner, expected: string): never {
  skipBlank(scanner);
  const word = wordAt(scanner.text, scanner.at);
  const found = word === "" ? "the end" : shorten(JSON.stringify(word));
  return fail(scanner, `expected ${expected}, got ${found}`, scanner.at, word);
}
