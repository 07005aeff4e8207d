// Whether numbers in a text agree with a given table: behind each mention of a label, the first number in the same
// sentence is held against the label's value, as rounded as it is stated. Of labels in a row ("loss and profit were 3 and
// 12") nothing can be told apart, so nothing is said.

import { type ExactNumber, fraction, fromDecimal, multiply, negate } from "../../programs/exact-number.ts";
import { agrees, DIGITS, readStated, SCALE_WORDS, type StatedNumber, shownNumber } from "./stated-number.ts";
import { invalid, kindOf, type Problem, shareOf, type Verdict, verdictOf } from "./verdict.ts";

export interface TableOptions {
  /** By label; letters' case does not count. 25 % agrees with 0.25 and with 25. */
  readonly values: Readonly<Record<string, number | bigint>>;
}

/** How far behind a label its number stands at most, in UTF-16 units. */
const MAX_BEHIND = 80;
const SENTENCE_END = /[.!?](?=\s)|[;\n]/;
const NUMBER = new RegExp(
  `(?<![\\p{L}0-9.,])(?<sign>(?<![\\p{L}0-9])(?<![\\p{L}0-9] )[-−])?[$€£¥]?(?<number>${DIGITS})(?<percent> ?%)?(?: (?<scale>${SCALE_WORDS})(?![\\p{L}]))?`,
  "iu",
);
const WORD_SIGN = /[\p{L}\p{N}_]/u;
const HUNDRED = fraction(100n);

interface Mention {
  label: string;
  start: number;
  end: number;
}

export function checkTable(value: unknown, { values }: TableOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const problems: Problem[] = [];
  let judged = 0;
  const mentions = mentionsOf(value, Object.keys(values));
  /** The label before is in the same sentence and has no number yet. */
  let isInRow = false;
  for (const [at, { label, start, end }] of mentions.entries()) {
    const next = mentions[at + 1]?.start ?? value.length;
    const window = value.slice(end, Math.min(end + MAX_BEHIND, next));
    const stop = SENTENCE_END.exec(window)?.index;
    const found = NUMBER.exec(window.slice(0, stop));
    const wasInRow = isInRow;
    isInRow = found === null && stop === undefined && end + window.length === next;
    const { number, sign, percent, scale } = found?.groups ?? {};
    if (wasInRow || found === null || number === undefined) continue;
    judged++;
    const isPercent = percent !== undefined;
    const stated = readStated(number, {
      isNegative: sign !== undefined,
      isPercent,
      ...(scale !== undefined && { scale }),
    });
    const given = exactOf(values[label] as number | bigint);
    if (agrees(stated, given, true) || (isPercent && agrees(inHundreds(stated), given, true))) continue;
    const shown = found[0].trim();
    const message = `${label} is ${shownNumber(given)} in the table, not ${shown}`;
    problems.push({ path: "$", message, span: { start, end: end + found.index + found[0].length } });
  }
  return verdictOf(problems, shareOf(judged - problems.length, judged));
}

/** All labels in the order of the text; of two that begin at the same place the longer. */
function mentionsOf(text: string, labels: readonly string[]): Mention[] {
  const isSameLength = text.toLowerCase().length === text.length;
  const lower = (one: string): string => (isSameLength ? one.toLowerCase() : one);
  const searched = lower(text);
  const found: Mention[] = [];
  for (const label of labels) {
    const word = lower(label);
    if (word === "") continue;
    for (let at = searched.indexOf(word); at >= 0; at = searched.indexOf(word, at + word.length)) {
      const end = at + word.length;
      const isWhole = !WORD_SIGN.test(text.charAt(at - 1)) && !WORD_SIGN.test(text.charAt(end));
      if (isWhole) found.push({ label, start: at, end });
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  let reached = 0;
  return found.filter(({ start, end }) => {
    if (start < reached) return false;
    reached = end;
    return true;
  });
}

function inHundreds({ value, halfUnit, decimals }: StatedNumber): StatedNumber {
  return { value: multiply(value, HUNDRED), halfUnit: multiply(halfUnit, HUNDRED), decimals };
}

function exactOf(value: number | bigint): ExactNumber {
  const text = String(value);
  return text.startsWith("-") ? negate(fromDecimal(text.slice(1))) : fromDecimal(text);
}
