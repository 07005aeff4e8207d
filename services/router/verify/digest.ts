// 64 bits that stand for what a decision says, so that a million recorded decisions fit in memory. Two decisions have
// the same digest exactly when their JSON does, whatever the order of members; a coincidence is one in 2^64.

import type { Decision } from "../../../schemas/messages/parts.ts";

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);

let a = 0;
let b = 0;

/** Two halves of 32 bits. The inputs of the decision, its state's sequence and the in-flight counts, are not in it. */
export function digestOf({ policyVersion, features, candidates, chosen }: Decision): [number, number] {
  a = 0x9747b28c | 0;
  b = 0x5bd1e995 | 0;
  text(policyVersion);
  text(chosen);
  value(features);
  word(candidates.length);
  for (const { implementation, score, probability, eligible } of candidates) {
    text(implementation);
    number(score);
    number(probability);
    word(eligible ? 1 : 0);
  }
  return [finish(a), finish(b)];
}

function value(one: unknown): void {
  switch (typeof one) {
    case "string":
      word(1);
      text(one);
      return;
    case "number":
      word(2);
      number(one);
      return;
    case "bigint":
      word(3);
      text(one.toString());
      return;
    case "boolean":
      word(one ? 4 : 5);
      return;
    case "object":
      if (one === null) word(6);
      else if (Array.isArray(one)) items(one);
      else members(one as Record<string, unknown>);
      return;
    default:
      word(7);
  }
}

function items(list: readonly unknown[]): void {
  word(8);
  word(list.length);
  for (const one of list) value(one);
}

function members(record: Record<string, unknown>): void {
  word(9);
  // What is undefined is not in the JSON.
  const keys = Object.keys(record).filter((key) => record[key] !== undefined);
  word(keys.length);
  for (const key of keys.sort()) {
    text(key);
    value(record[key]);
  }
}

function number(one: number): void {
  // JSON has no −0.
  bits[0] = one + 0;
  word(words[0] as number);
  word(words[1] as number);
}

function text(one: string): void {
  word(one.length);
  for (let at = 0; at < one.length; at++) word(one.charCodeAt(at));
}

/** Murmur3's step, with other constants in the second lane. */
function word(one: number): void {
  let k = Math.imul(one, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  a ^= Math.imul(k, 0x1b873593);
  a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
  k = Math.imul(one, 0x239b961b);
  k = (k << 16) | (k >>> 16);
  b ^= Math.imul(k, 0xab0e9789);
  b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x561ccd1b) | 0;
}

function finish(lane: number): number {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
