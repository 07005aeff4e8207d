// The filters that templates have. Each is pure and means the same in both languages; a value of the wrong kind is an
// error, not a guess. The engine's own filters are not used: some read clocks, chance or locales, some take time that
// grows with the square of a text.

import { stringifyChecked } from "../../../../schemas/envelope/json.ts";
import { codePointCount, splitSpaces, stripSpacesAtEnd } from "../text/characters.ts";
import { joined, listFilters } from "./list-filters.ts";
import { numberFilters } from "./number-filters.ts";
import { RenderProblem } from "./template-error.ts";
import { keyOf, textOf } from "./template-text.ts";

/** Bounds what a filter may make before it is made. */
export type Charge = (size: number) => void;
export type TemplateFilter = (charge: Charge, value: unknown, ...given: unknown[]) => unknown;

/** Most texts have a word within these. */
const SHORT = 100;

/** A whole number, as an argument. */
export function whole(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value))
    throw new RenderProblem(`${what} takes a whole number, got ${textOf(value)}`);
  return value as number;
}

const textFilters: Record<string, TemplateFilter> = {
  upcase: (_, value) => textOf(value).toUpperCase(),
  downcase: (_, value) => textOf(value).toLowerCase(),
  capitalize: (_, value) => {
    const [first = "", ...rest] = textOf(value);
    return first.toUpperCase() + rest.join("").toLowerCase();
  },
  strip: (_, value) => stripStart(stripSpacesAtEnd(textOf(value))),
  lstrip: (_, value) => stripStart(textOf(value)),
  rstrip: (_, value) => stripSpacesAtEnd(textOf(value)),
  strip_newlines: (_, value) => textOf(value).replace(/\r?\n/g, ""),
  append: (_, value, end) => textOf(value) + textOf(end),
  prepend: (_, value, front) => textOf(front) + textOf(value),
  replace: (charge, value, from, to = "") => replaced(charge, textOf(value), textOf(from), textOf(to)),
  replace_first: (_, value, from, to = "") => textOf(value).replace(textOf(from), () => textOf(to)),
  remove: (charge, value, part) => replaced(charge, textOf(value), textOf(part), ""),
  remove_first: (_, value, part) => textOf(value).replace(textOf(part), () => ""),
  split: (_, value, sign) => {
    const text = textOf(value);
    if (text === "") return [];
    return textOf(sign) === "" ? [...text] : text.split(textOf(sign));
  },
  truncate: (_, value, most = 50, end = "...") => {
    const [text, behind] = [textOf(value), textOf(end)];
    const length = whole(most, "truncate");
    if (codePointCount(text) <= length) return text;
    return [...text].slice(0, Math.max(0, length - codePointCount(behind))).join("") + behind;
  },
  truncatewords: (_, value, most = 15, end = "...") => {
    const words = splitSpaces(textOf(value));
    const count = Math.max(1, whole(most, "truncatewords"));
    return words.length <= count ? textOf(value) : words.slice(0, count).join(" ") + textOf(end);
  },
  slice: (_, value, start, length = 1) => {
    const items = Array.isArray(value) ? value : [...textOf(value)];
    const given = whole(start, "slice");
    const from = given < 0 ? items.length + given : given;
    const count = Math.max(0, whole(length, "slice"));
    const part = from < 0 ? [] : items.slice(from, from + count);
    return Array.isArray(value) ? part : part.join("");
  },
  size: (_, value) => {
    if (Array.isArray(value)) return value.length;
    return typeof value === "object" && value !== null
      ? Object.keys(value).length
      : codePointCount(textOf(value));
  },
};

const otherFilters: Record<string, TemplateFilter> = {
  default: (_, value, other) => {
    const isNothing = value === undefined || value === null || value === false || value === "";
    return isNothing || (Array.isArray(value) && value.length === 0) ? other : value;
  },
  json: (_, value) => stringifyChecked(value ?? null),
  join: (charge, value, sign = " ") => joined(charge, value, textOf(sign)),
};

export const templateFilters: Readonly<Record<string, TemplateFilter>> = {
  ...textFilters,
  ...numberFilters,
  ...listFilters,
  ...otherFilters,
};

/** By the first word: a search for spaces at both ends takes long within long runs of them. */
function stripStart(text: string): string {
  const [first] = splitSpaces(text.slice(0, SHORT));
  if (first !== undefined) return text.slice(text.indexOf(first));
  const [later] = splitSpaces(text);
  return later === undefined ? "" : text.slice(text.indexOf(later));
}

function replaced(charge: Charge, text: string, from: string, to: string): string {
  if (from === "") throw new RenderProblem("nothing to replace was given");
  const parts = text.split(from);
  charge(parts.length * to.length);
  return parts.join(to);
}

/** What `==` means: numbers and texts as they are, lists and objects by what is in them. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" && typeof b !== "object" && typeof a !== "bigint" && typeof b !== "bigint")
    return a === b;
  return keyOf(a) === keyOf(b);
}
