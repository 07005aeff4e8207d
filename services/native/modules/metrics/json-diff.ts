// How alike two JSON values are, from 0 to 1. By structure:
//
//   object, object    mean over all keys that either has; a key that one lacks counts 0
//   list, list        mean over the places of the longer one; a place that one lacks counts 0
//   text, text        1 − edit distance / length of the longer one         } or, with `leaves: "same"`,
//   number, number    1 − |a − b| / (|a| + |b|)                            } 1 where they are the same, else 0
//   else              1 where they are the same, else 0

import { invalid } from "../arguments.ts";
import { editSimilarity } from "./edit-distance.ts";

/** As deep as JSON may be in messages. */
const MAX_DEPTH = 128;

export interface JsonDiffOptions {
  /** `near` (default): texts and numbers that are nearly the same count nearly as the same. */
  leaves?: "near" | "same";
}

/** @throws DspexError where the values are nested deeper than 128 levels. */
export function jsonSimilarity(one: unknown, other: unknown, options: JsonDiffOptions = {}): number {
  return similarity(one, other, options.leaves ?? "near", 0);
}

/** Whether both are the same JSON; the order of keys does not matter, and 0 is −0. */
export function isSameJson(one: unknown, other: unknown, depth = 0): boolean {
  checkDepth(depth);
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => isSameJson(item, other[at], depth + 1));
  }
  if (!isObject(one) || !isObject(other)) return isSameLeaf(one, other);
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameJson(one[key], other[key], depth + 1))
  );
}

function similarity(one: unknown, other: unknown, leaves: "near" | "same", depth: number): number {
  checkDepth(depth);
  if (Array.isArray(one) && Array.isArray(other)) {
    const places = Math.max(one.length, other.length);
    let sum = 0;
    for (let at = 0; at < Math.min(one.length, other.length); at++) {
      sum += similarity(one[at], other[at], leaves, depth + 1);
    }
    return places === 0 ? 1 : sum / places;
  }
  if (isObject(one) && isObject(other)) {
    const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
    let sum = 0;
    for (const key of keys) {
      if (!Object.hasOwn(one, key) || !Object.hasOwn(other, key)) continue;
      sum += similarity(one[key], other[key], leaves, depth + 1);
    }
    return keys.size === 0 ? 1 : sum / keys.size;
  }
  if (isSameLeaf(one, other)) return 1;
  if (leaves === "same") return 0;
  if (typeof one === "string" && typeof other === "string") return editSimilarity(one, other);
  if (isNumber(one) && isNumber(other)) return nearness(Number(one), Number(other));
  return 0;
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(`JSON is nested deeper than ${MAX_DEPTH} levels`);
}

function nearness(one: number, other: number): number {
  // In halves: the sum of two large numbers may not be finite.
  const sum = Math.abs(one / 2) + Math.abs(other / 2);
  return sum === 0 ? 1 : 1 - Math.abs(one / 2 - other / 2) / sum;
}

function isSameLeaf(one: unknown, other: unknown): boolean {
  // Whole numbers beyond 2^53 are bigints, and may be compared with numbers.
  return one === other || (isNumber(one) && isNumber(other) && one >= other && one <= other);
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
