// Values as the engine hands them to filters and operators, and what looking at them costs.

import { Drop, toValue } from "liquidjs";
import { RenderProblem } from "./template-error.ts";

/** The engine writes `nil` as an object of its own, and has others that are no values. */
export function plainValue(given: unknown): unknown {
  const value = toValue(given);
  if (value instanceof Drop) throw new RenderProblem("a loop is no value");
  return value;
}

export function sizeOf(value: unknown): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : 0;
}
