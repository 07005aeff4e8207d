// The metrics `exact`, `f1` and `contains` of `dspex optimize`, over the outputs that an example wants: the same scores
// in both languages for texts, whole numbers, booleans, null and lists and objects of these. Python writes a float that
// is whole as `1.0`, which is lost here.

import { caseFold, stripSpaces, wordsIn } from "../text/characters.ts";
import { countsOf, shared } from "./counts.ts";
import { isSameJson } from "./json-diff.ts";

export type Outputs = Readonly<Record<string, unknown>>;

/** 1 where all outputs that are wanted are given; texts without regard to case and outer spaces. */
export function exactOutputs(wanted: Outputs, given: Outputs): number {
  const isSame = Object.entries(wanted).every(([name, value]) =>
    isSameJson(plain(value), plain(Object.hasOwn(given, name) ? given[name] : null)),
  );
  return isSame ? 1 : 0;
}

/** Overlap of words, mean over the outputs that are wanted. */
export function f1Outputs(wanted: Outputs, given: Outputs): number {
  const names = Object.keys(wanted);
  if (names.length === 0) return 0;
  const sum = names.reduce((total, name) => total + wordF1(textOf(wanted[name]), textIn(given, name)), 0);
  return sum / names.length;
}

/** 1 where each wanted text stands somewhere in the given one. */
export function containsOutputs(wanted: Outputs, given: Outputs): number {
  const isThere = Object.entries(wanted).every(([name, value]) =>
    caseFold(textIn(given, name)).includes(caseFold(stripSpaces(textOf(value)))),
  );
  return isThere ? 1 : 0;
}

/** F1 of the words of two texts, case folded. Two texts without words are the same. */
export function wordF1(wanted: string, given: string): number {
  const one = wordsIn(wanted).map(caseFold);
  const other = wordsIn(given).map(caseFold);
  if (one.length === 0 || other.length === 0) return one.length === other.length ? 1 : 0;
  return (2 * shared(countsOf(one), countsOf(other))) / (one.length + other.length);
}

function textIn(outputs: Outputs, name: string): string {
  return textOf(Object.hasOwn(outputs, name) ? outputs[name] : null);
}

/** Text as it is, everything else as JSON; null is no text. */
function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function plain(value: unknown): unknown {
  return typeof value === "string" ? caseFold(stripSpaces(value)) : value;
}
