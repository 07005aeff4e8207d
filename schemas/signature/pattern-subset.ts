// The part of RE2's syntax that both languages' engines read alike and that cannot make a large program.
// Python has the same check (`patterns.py`); `schemas/fixtures/signatures/patterns.json` holds them together.

import { codePointLength } from "./shorten.ts";

const MAX_LENGTH = 1_000;
const MAX_REPEAT = 500;
const MAX_NESTING = 32;
/**
 * Characters and classes that the compiled form holds. Without its automaton's help an engine spends some 25 ns on
 * each of them for each character of the value: at worst 6 s for all values that one request can carry.
 */
const MAX_COST = 500;
/** Of a general category, which is hundreds of ranges to engines that work on bytes. */
const CATEGORY_COST = 4;
const CATEGORIES = new Set(
  "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp".split(" "),
);

interface Reader {
  readonly text: string;
  at: number;
}
/** Weight of the compiled form, and the largest product of counted quantifiers inside. */
interface Part {
  cost: number;
  repeats: number;
}

class Refused extends Error {}

/** Why the pattern is refused, undefined where it is accepted. */
export function patternProblem(pattern: string): string | undefined {
  if (codePointLength(pattern) > MAX_LENGTH) return `pattern longer than ${MAX_LENGTH} characters`;
  const reader = { text: pattern, at: 0 };
  try {
    const { cost } = alternatives(reader, 0);
    if (reader.at < pattern.length) return 'pattern has an unopened ")"';
    return cost > MAX_COST ? "pattern too large" : undefined;
  } catch (error) {
    if (error instanceof Refused) return `pattern ${error.message}`;
    throw error;
  }
}

/** Everything up to the closing parenthesis or the end. */
function alternatives(reader: Reader, nesting: number): Part {
  if (nesting > MAX_NESTING) throw new Refused(`nests more than ${MAX_NESTING} groups`);
  const whole: Part = { cost: 0, repeats: 1 };
  while (reader.at < reader.text.length && reader.text[reader.at] !== ")") {
    if (reader.text[reader.at] === "|") {
      reader.at++;
      continue;
    }
    const part = quantified(reader, nesting);
    whole.cost += part.cost;
    whole.repeats = Math.max(whole.repeats, part.repeats);
  }
  return whole;
}

function quantified(reader: Reader, nesting: number): Part {
  const start = reader.at;
  const part = atom(reader, nesting);
  const count = quantifier(reader);
  if (count === undefined) return part ?? { cost: 1, repeats: 1 };
  if (part === undefined) throw new Refused(`repeats "${reader.text.slice(start, reader.at)}"`);
  if (quantifier(reader) !== undefined) throw new Refused("repeats a repetition");
  const repeats = part.repeats * count;
  if (repeats > MAX_REPEAT) throw new Refused(`repeats more than ${MAX_REPEAT} times`);
  return { cost: part.cost * count, repeats };
}

/** How often the compiled form holds what is repeated; undefined where no quantifier comes next. */
function quantifier(reader: Reader): number | undefined {
  const sticky = /(?:[*+?]|\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\})\??/y;
  sticky.lastIndex = reader.at;
  const found = sticky.exec(reader.text);
  if (found === null) return undefined;
  reader.at = sticky.lastIndex;
  const [, low, , high] = found;
  if (low === undefined) return 1;
  const least = Number(low);
  const most = high === undefined ? least : Number(high);
  if (least > most) throw new Refused(`has "${found[0]}" with its bounds swapped`);
  if (most > MAX_REPEAT) throw new Refused(`repeats more than ${MAX_REPEAT} times`);
  return Math.max(1, most);
}

/** One literal, class or group; undefined for an anchor, which may not be repeated. */
function atom(reader: Reader, nesting: number): Part | undefined {
  const char = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0);
  reader.at += char.length;
  switch (char) {
    case "^":
    case "$":
      return undefined;
    case ".":
      return { cost: 1, repeats: 1 };
    case "[":
      return { cost: characterClass(reader), repeats: 1 };
    case "(":
      return group(reader, nesting);
    case "\\": {
      // Not `\B`: engines that work on bytes find it inside of a character.
      if (reader.text[reader.at] === "b") {
        reader.at++;
        return undefined;
      }
      return { cost: escaped(reader).cost, repeats: 1 };
    }
    case "*":
    case "+":
    case "?":
    case "{":
    case "}":
    case "]":
      throw new Refused(`has a bare "${char}"`);
    default:
      return { cost: 1, repeats: 1 };
  }
}

function group(reader: Reader, nesting: number): Part {
  if (reader.text.startsWith("?:", reader.at)) reader.at += 2;
  else if (reader.text[reader.at] === "?") {
    throw new Refused(`has "(${reader.text.slice(reader.at, reader.at + 2)}": only (…) and (?:…) are groups`);
  }
  const part = alternatives(reader, nesting + 1);
  if (reader.text[reader.at] !== ")") throw new Refused('has an unclosed "("');
  reader.at++;
  return { ...part, cost: Math.max(1, part.cost) };
}

/** An escape behind its backslash; `code` is its character where it stands for one. */
function escaped(reader: Reader): { cost: number; code?: number } {
  const char = reader.text[reader.at] ?? "";
  reader.at++;
  if (char !== "" && "dDwWsS".includes(char)) return { cost: 1 };
  const control = "tnrfv".indexOf(char);
  if (char !== "" && control >= 0) return { cost: 1, code: [9, 10, 13, 12, 11][control] ?? 0 };
  if (char === "x") {
    const hex = reader.text.slice(reader.at, reader.at + 2);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw new Refused('has "\\x" without two hex digits');
    reader.at += 2;
    return { cost: 1, code: Number.parseInt(hex, 16) };
  }
  if (char === "p" || char === "P") {
    const category = /^\{([A-Za-z]+)\}/.exec(reader.text.slice(reader.at, reader.at + 8));
    if (category === null || !CATEGORIES.has(category[1] ?? "")) {
      throw new Refused(`has "\\${char}" without a general category in braces`);
    }
    reader.at += category[0].length;
    return { cost: CATEGORY_COST };
  }
  if (/^[!-/:-@[-^`{-~]$/.test(char)) return { cost: 1, code: char.charCodeAt(0) };
  throw new Refused(`has the escape "\\${char}"`);
}

/** A class behind its bracket, up to and including the closing one; returns its weight. */
function characterClass(reader: Reader): number {
  const { text } = reader;
  if (text[reader.at] === "^") reader.at++;
  const start = reader.at;
  let cost = 1;
  let low: number | undefined;
  while (reader.at < text.length) {
    if (text[reader.at] === "]") {
      if (reader.at === start) throw new Refused("has an empty class");
      reader.at++;
      return cost;
    }
    if (text[reader.at] === "-" && reader.at > start && text[reader.at + 1] !== "]") {
      reader.at++;
      const high = low === undefined ? undefined : classMember(reader).code;
      if (low === undefined || high === undefined || low > high)
        throw new Refused("has a bad range in a class");
      low = undefined;
      continue;
    }
    const member = classMember(reader);
    cost = Math.max(cost, member.cost);
    low = member.code;
  }
  throw new Refused('has an unclosed "["');
}

function classMember(reader: Reader): { cost: number; code?: number } {
  const code = reader.text.codePointAt(reader.at) ?? 0;
  if (reader.text[reader.at] === "[") throw new Refused('has a bare "[" in a class');
  reader.at += code > 0xffff ? 2 : 1;
  return code === 0x5c ? escaped(reader) : { cost: 1, code };
}
