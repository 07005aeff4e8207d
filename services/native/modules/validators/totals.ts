// Whether totals in a text are the sums of what is listed above them: the last number of a line that begins with "total",
// "sum" or the like, against the last numbers of the lines before it, back to an empty one, one without a number, or another
// total. Two lines at least make a list.

import { add, type ExactNumber, fraction } from "../../programs/exact-number.ts";
import { agrees, DIGITS, readStated, type StatedNumber, shownNumber } from "./stated-number.ts";
import { invalid, kindOf, type Problem, shareOf, type Verdict, verdictOf } from "./verdict.ts";

const TOTAL =
  /^[^\p{L}\n]{0,20}(?:(?:grand|sub)[ -]?)?(?:total|sum|summe|gesamt|insgesamt)(?![\p{L}\p{N}])/iu;
const NUMBER = new RegExp(
  `(?<![\\p{L}0-9.,])(?<sign>(?<![\\p{L}0-9])(?<![\\p{L}0-9] )[-−])?[$€£¥]?(?<number>${DIGITS})(?<percent> ?%)?`,
  "gu",
);
/** A rule of a table. */
const RULE = /^[\s|:+=_-]{3,}$/;
/** Behind the last number: a unit, the end of a cell. */
const MAX_BEHIND = 12;
const LEAST_ITEMS = 2;

interface Line {
  start: number;
  end: number;
  isTotal: boolean;
  stated: StatedNumber | undefined;
}

export function checkTotals(value: unknown): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const problems: Problem[] = [];
  let judged = 0;
  let items: StatedNumber[] = [];
  for (const { start, end, isTotal, stated } of linesOf(value)) {
    if (stated === undefined) {
      items = [];
    } else if (!isTotal) {
      items.push(stated);
    } else {
      if (items.length >= LEAST_ITEMS) {
        judged++;
        const sum = items.reduce((total: ExactNumber, item) => add(total, item.value), fraction(0n));
        if (!agrees(stated, sum, false)) {
          const message = `the ${items.length} numbers above add up to ${shownNumber(sum)}, not ${shownNumber(stated.value)}`;
          problems.push({ path: "$", message, span: { start, end } });
        }
      }
      items = [];
    }
  }
  return verdictOf(problems, shareOf(judged - problems.length, judged));
}

function* linesOf(text: string): Iterable<Line> {
  let start = 0;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    if (!RULE.test(line)) yield { start, end, isTotal: TOTAL.test(line), stated: lastNumber(line) };
    start = end + 1;
  }
}

function lastNumber(line: string): StatedNumber | undefined {
  let last: RegExpExecArray | undefined;
  for (const found of line.matchAll(NUMBER)) last = found;
  const { number, sign, percent } = last?.groups ?? {};
  if (last === undefined || number === undefined) return undefined;
  if (line.slice(last.index + last[0].length).trim().length > MAX_BEHIND) return undefined;
  return readStated(number, { isNegative: sign !== undefined, isPercent: percent !== undefined });
}
