// Checks that take what they compare with from the request: sources and tables that are inputs of the program.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import type { Validator } from "../../../../schemas/messages/validator.ts";
import type { Check } from "./check.ts";
import type { Source } from "./sources.ts";

/** In place of `sources` and `values`: the name of an input. */
export const FROM_INPUT = { quotes: "sourcesFrom", citations: "sourcesFrom", table: "valuesFrom" } as const;

type Values = Readonly<Record<string, unknown>>;

export function readsInputs({ options = {} }: Validator): boolean {
  return options.sourcesFrom !== undefined || options.valuesFrom !== undefined;
}

/** A validator's kind and options as a check of this request. They were checked when the program was registered. */
export function checkFor(kind: Check["check"], options: Values, inputs: Values): Check {
  const { sourcesFrom, valuesFrom, ...own } = options;
  const check = { check: kind, ...own } as Record<string, unknown>;
  if (typeof sourcesFrom === "string") check.sources = sourcesIn(inputs[sourcesFrom]);
  if (typeof valuesFrom === "string") check.values = valuesIn(inputs[valuesFrom]);
  return check as Check;
}

/** A text is one source, a list has one an item: a text, or an object with a `text` and perhaps an `id`. */
function sourcesIn(input: unknown): Source[] {
  if (typeof input === "string") return [input];
  if (!Array.isArray(input)) return [];
  return input.map((item: unknown): Source => {
    if (!isPlainObject(item)) return typeof item === "string" ? item : "";
    const { id, text } = item;
    const words = typeof text === "string" ? text : "";
    return typeof id === "string" && id !== "" ? { id, text: words } : words;
  });
}

function valuesIn(input: unknown): Record<string, number | bigint> {
  if (!isPlainObject(input)) return {};
  const numbers = Object.entries(input).filter(
    ([label, value]) => label !== "" && (Number.isFinite(value) || typeof value === "bigint"),
  );
  return Object.fromEntries(numbers) as Record<string, number | bigint>;
}
