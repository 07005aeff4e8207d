// Filters of lists: order, choice, sums. Members are read where they are an object's own.

import type { Charge, TemplateFilter } from "./filters.ts";
import { checked, numberOf } from "./number-filters.ts";
import { RenderProblem } from "./template-error.ts";
import { keyOf, textOf } from "./template-text.ts";

export const listFilters: Record<string, TemplateFilter> = {
  first: (_, value) => listOf(value, "first")[0] ?? null,
  last: (_, value) => listOf(value, "last").at(-1) ?? null,
  reverse: (_, value) => listOf(value, "reverse").toReversed(),
  concat: (_, value, other) => [...listOf(value, "concat"), ...listOf(other, "concat")],
  compact: (_, value) => listOf(value, "compact").filter((item) => item !== null),
  uniq: (charge, value) => {
    const seen = new Set<string>();
    return listOf(value, "uniq").filter((item) => {
      const key = keyOf(item);
      charge(key.length);
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    });
  },
  map: (_, value, name) => listOf(value, "map").map((item) => member(item, textOf(name))),
  where: (charge, value, name, wanted) =>
    listOf(value, "where").filter((item) => {
      const found = ownMember(item, textOf(name));
      if (wanted === undefined) return found !== undefined && found !== null && found !== false;
      charge(1);
      return found !== undefined && keyOf(found) === keyOf(wanted);
    }),
  sum: (_, value, name) =>
    listOf(value, "sum").reduce((sum: number, item) => {
      return checked(sum + numberOf(name === undefined ? item : member(item, textOf(name)), "sum"));
    }, 0),
  sort: (_, value, name) => sorted(listOf(value, "sort"), name === undefined ? undefined : textOf(name)),
};

export function joined(charge: Charge, value: unknown, sign: string): string {
  const texts = listOf(value, "join").map(textOf);
  charge(texts.reduce((size, text) => size + text.length + sign.length, 0));
  return texts.join(sign);
}

/** Texts by their code points, as Python has it. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one === other) continue;
    // Surrogates stand for code points above all others.
    return (isSurrogate(one) ? one + 0x10000 : one) - (isSurrogate(other) ? other + 0x10000 : other);
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000;
}

/** Numbers or texts, not both; null comes last. */
function sorted(items: readonly unknown[], name: string | undefined): unknown[] {
  const keyed = items.map((item) => ({ item, key: name === undefined ? item : ownMember(item, name) }));
  const keys = keyed.filter(({ key }) => key !== undefined && key !== null);
  const isTexts = keys.every(({ key }) => typeof key === "string");
  if (!isTexts && !keys.every(({ key }) => typeof key === "number"))
    throw new RenderProblem("sort takes numbers or texts, not both or others");
  const rest = keyed.filter(({ key }) => key === undefined || key === null);
  const ordered = keys.toSorted((a, b) =>
    isTexts ? compareTexts(a.key as string, b.key as string) : (a.key as number) - (b.key as number),
  );
  return [...ordered, ...rest].map(({ item }) => item);
}

function listOf(value: unknown, filter: string): readonly unknown[] {
  if (!Array.isArray(value))
    throw new RenderProblem(`${filter} takes a list, got ${JSON.stringify(textOf(value))}`);
  return value;
}

function ownMember(item: unknown, name: string): unknown {
  const isThere =
    typeof item === "object" && item !== null && !Array.isArray(item) && Object.hasOwn(item, name);
  return isThere ? (item as Record<string, unknown>)[name] : undefined;
}

function member(item: unknown, name: string): unknown {
  const found = ownMember(item, name);
  if (found === undefined) throw new RenderProblem(`an item has no ${JSON.stringify(name)}`);
  return found;
}
