// Whether what a text computes is computed right: every `a op b … = c` in it is computed exactly and held against what is
// stated. Names, units and anything else that is no arithmetic end a statement: `2a + 3 = 7` says nothing that can be checked.
//
//   The sum is 3 × (1,200 + 5 %) = 3,600.15       ≈ takes the rounded result; = too, behind × ÷ ^ and with decimals stated

import { isDspexError } from "../../../../schemas/errors.ts";
import type { ExactNumber } from "../../programs/exact-number.ts";
import { computeExpression } from "../../programs/expression.ts";
import { agrees, DIGITS, readStated, SCALE_WORDS, type StatedNumber, shownNumber } from "./stated-number.ts";
import { invalid, kindOf, type Problem, shareOf, type Verdict, verdictOf } from "./verdict.ts";

/** How far before the equals sign a statement begins at most, in UTF-16 units. */
const MAX_LEFT = 200;
const EQUALS = /(?<![<>!=:~])[=≈](?![=>~])/g;
const TOKEN = new RegExp(
  `(?<number>${DIGITS})(?<percent> ?%)?|(?<operator>\\*\\*|[-+*/^×·⋅÷−–]|(?<=[\\s0-9)])x(?=[\\s0-9(]))|(?<of>of(?= ))|(?<open>\\()|(?<close>\\))|(?<money>[$€£¥])|(?<space>\\s+)|(?<other>\\p{L}[\\p{L}\\p{N}_]*|[^])`,
  "gu",
);
const RIGHT = new RegExp(
  `\\s{0,3}(?:about |approximately )?(?<sign>[-−]?)[$€£¥]?(?<number>${DIGITS})(?<percent> ?%)?(?: (?<scale>${SCALE_WORDS})\\b)?(?![0-9.,]?[0-9]|\\s{0,2}[*+/^×·⋅÷−–-]\\s{0,2}[0-9(])`,
  "yiu",
);
const SPELLINGS: Record<string, string> = {
  "×": "*",
  "·": "*",
  "⋅": "*",
  x: "*",
  "÷": "/",
  "−": "-",
  "–": "-",
};

interface Token {
  kind: "number" | "operator" | "of" | "open" | "close" | "money" | "other";
  text: string;
  isPercent: boolean;
  start: number;
  end: number;
}
interface Statement {
  start: number;
  end: number;
  /** As written, and as it is computed. */
  left: string;
  expression: string;
  stated: StatedNumber;
  statedText: string;
  mayRound: boolean;
}

export function checkArithmetic(value: unknown): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const problems: Problem[] = [];
  let judged = 0;
  for (const { left, expression, stated, statedText, mayRound, start, end } of statementsIn(value)) {
    const exact = computed(expression);
    if (exact === undefined) continue;
    judged++;
    if (exact === "division by zero") {
      problems.push({ path: "$", message: `${left} divides by zero`, span: { start, end } });
    } else if (!agrees(stated, exact, mayRound)) {
      const message = `${left} is ${shownNumber(exact)}, not ${statedText}`;
      problems.push({ path: "$", message, span: { start, end } });
    }
  }
  return verdictOf(problems, shareOf(judged - problems.length, judged));
}

/** Nothing where it is too large, or no fraction: a root is not stated exactly by anybody. */
function computed(expression: string): ExactNumber | "division by zero" | undefined {
  try {
    const value = computeExpression(expression);
    return "about" in value ? undefined : value;
  } catch (error) {
    if (!isDspexError(error)) throw error;
    return error.message === "division by zero" ? "division by zero" : undefined;
  }
}

function* statementsIn(text: string): Iterable<Statement> {
  let previous = 0;
  for (const { 0: sign, index } of text.matchAll(EQUALS)) {
    const earliest = Math.max(previous, index - MAX_LEFT);
    const from = earliest + text.slice(earliest, index).lastIndexOf("\n") + 1;
    previous = index + 1;
    RIGHT.lastIndex = index + 1;
    const right = RIGHT.exec(text)?.groups;
    if (right === undefined) continue;
    const end = RIGHT.lastIndex;
    const tokens = expressionBefore(text, from, index);
    const [first] = tokens;
    const last = tokens.at(-1);
    if (first === undefined || last === undefined) continue;
    const { number = "", percent, scale } = right;
    const stated = readStated(number, {
      isNegative: right.sign !== "",
      isPercent: percent !== undefined,
      ...(scale !== undefined && { scale }),
    });
    const isSum = tokens.every(
      ({ kind, text: word }) => kind !== "of" && (kind !== "operator" || /^[-+−–]$/.test(word)),
    );
    yield {
      start: first.start,
      end,
      left: text.slice(first.start, last.end),
      expression: tokens.map(spelled).join(""),
      stated,
      statedText: text.slice(index + 1, end).trim(),
      mayRound: sign === "≈" || (!isSum && stated.decimals > 0),
    };
  }
}

/** The longest arithmetic that ends at `to`; none where there is no operator in it, or something unknown before it. */
function expressionBefore(text: string, from: number, to: number): Token[] {
  const tokens = tokensOf(text, from, to);
  let depth = 0;
  let isOperandNext = true;
  let first = tokens.length;
  let at = tokens.length - 1;
  for (; at >= 0; at--) {
    const { kind } = tokens[at] as Token;
    if (kind === "money" && !isOperandNext) continue;
    if (isOperandNext) {
      if (kind === "close") depth++;
      else if (kind === "number") isOperandNext = false;
      else break;
    } else if (kind === "operator" || (kind === "of" && tokens[at - 1]?.isPercent === true)) {
      isOperandNext = true;
    } else if (kind === "open" && depth > 0) depth--;
    else break;
    if (!isOperandNext && depth === 0) first = at;
  }
  const expression = tokens.slice(first);
  if (isOperandNext && !isSignOrBullet(tokens, first, from, text)) return [];
  const signed = isOperandNext && isSign(tokens, first) ? tokens.slice(first - 1) : expression;
  // `f(3 + 4)` is a function of something.
  const isPart = /[\p{L}\p{N}_)\]]/u.test(text.charAt((signed[0]?.start ?? 0) - 1));
  return !isPart && expression.some(({ kind }) => kind === "operator" || kind === "of") ? signed : [];
}

/** The operator before the expression: its sign, or the dash of a list; anything else lacks what stands before it. */
function isSignOrBullet(tokens: readonly Token[], first: number, from: number, text: string): boolean {
  const operator = tokens[first - 1];
  if (operator === undefined || !/^[-−–*+]$/.test(operator.text)) return false;
  if (text.slice(from, operator.start).trim() !== "") return false;
  return isSign(tokens, first) || from === 0 || text[from - 1] === "\n";
}

function isSign(tokens: readonly Token[], first: number): boolean {
  const operator = tokens[first - 1];
  return operator !== undefined && /^[-−]$/.test(operator.text) && operator.end === tokens[first]?.start;
}

function tokensOf(text: string, from: number, to: number): Token[] {
  const tokens: Token[] = [];
  for (const { groups = {}, 0: word, index } of text.slice(from, to).matchAll(TOKEN)) {
    if (groups.space !== undefined) continue;
    const kind = (["number", "operator", "of", "open", "close", "money"] as const).find(
      (one) => groups[one] !== undefined,
    );
    const start = from + index;
    tokens.push({
      kind: kind ?? "other",
      text: groups.number ?? word,
      isPercent: groups.percent !== undefined,
      start,
      end: start + word.length,
    });
  }
  return tokens;
}

function spelled({ kind, text, isPercent }: Token): string {
  if (kind === "money") return "";
  if (kind === "of") return "*";
  if (kind === "number") {
    const plain = text.replaceAll(",", "");
    return isPercent ? `(${plain}/100)` : plain;
  }
  return SPELLINGS[text] ?? text;
}
