// How many bytes of JSON a value is, about: counted, not written. Pure.

import { RUN_BOUNDS } from "./bounds.ts";

const EACH = 4;

/** Counts up to `limit` and says Infinity beyond it. */
export function sizeOf(value: unknown, limit: number): number {
  const left = leftOf(value, limit);
  return left < 0 ? Number.POSITIVE_INFINITY : limit - left;
}

/** Whether outputs travel in events. */
export function isSmall(outputs: Record<string, unknown>): boolean {
  return sizeOf(outputs, RUN_BOUNDS.inlineBytes) <= RUN_BOUNDS.inlineBytes;
}

function leftOf(value: unknown, budget: number): number {
  if (budget < 0) return -1;
  if (typeof value === "string") return value.length > budget ? -1 : budget - Buffer.byteLength(value) - EACH;
  if (typeof value === "bigint") return budget - value.toString().length - EACH;
  if (typeof value !== "object" || value === null) return budget - EACH;
  let left = budget - EACH;
  for (const key in value) {
    left = leftOf((value as Record<string, unknown>)[key], left - key.length - EACH);
    if (left < 0) return -1;
  }
  return left;
}
