// Arithmetic in templates: of numbers only, as doubles, in the same order of operations as in Python.

import type { TemplateFilter } from "./filters.ts";
import { RenderProblem } from "./template-error.ts";
import { textOf } from "./template-text.ts";

const MAX_PLACES = 12;

export const numberFilters: Record<string, TemplateFilter> = {
  plus: binary("plus", (a, b) => a + b),
  minus: binary("minus", (a, b) => a - b),
  times: binary("times", (a, b) => a * b),
  // Two whole numbers give a whole one, downwards.
  divided_by: binary("divided_by", (a, b) => {
    notZero(b);
    return Number.isInteger(a) && Number.isInteger(b) ? Math.floor(a / b) : a / b;
  }),
  modulo: binary("modulo", (a, b) => {
    notZero(b);
    return a - b * Math.floor(a / b);
  }),
  at_least: binary("at_least", (a, b) => Math.max(a, b)),
  at_most: binary("at_most", (a, b) => Math.min(a, b)),
  abs: (_, value) => Math.abs(numberOf(value, "abs")),
  ceil: (_, value) => Math.ceil(numberOf(value, "ceil")),
  floor: (_, value) => Math.floor(numberOf(value, "floor")),
  // Halves away from zero.
  round: (_, value, places = 0) => {
    const number = numberOf(value, "round");
    const digits = numberOf(places, "round");
    if (!Number.isInteger(digits) || digits < 0 || digits > MAX_PLACES)
      throw new RenderProblem(`round takes 0 to ${MAX_PLACES} places, got ${digits}`);
    const scale = 10 ** digits;
    return checked((Math.sign(number) * Math.floor(Math.abs(number) * scale + 0.5)) / scale);
  },
};

export function numberOf(value: unknown, filter: string): number {
  if (typeof value !== "number")
    throw new RenderProblem(`${filter} takes numbers, got ${JSON.stringify(textOf(value))}`);
  return checked(value);
}

/** Beyond 2^53 whole numbers are no longer exact, and the languages would part. */
export function checked(value: number): number {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER || Number.isNaN(value))
    throw new RenderProblem(`a number of arithmetic is between ±2^53, got ${value}`);
  return value;
}

function binary(name: string, compute: (a: number, b: number) => number): TemplateFilter {
  return (_, value, other) => checked(compute(numberOf(value, name), numberOf(other, name)));
}

function notZero(value: number): void {
  if (value === 0) throw new RenderProblem("division by zero");
}
