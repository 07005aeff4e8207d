// Which texts of a list say the same again: exactly, once they are normalised, or nearly, by the runs of three words that
// they share. MinHash finds the pairs worth comparing, and the exact share decides, so that no pair is taken for one that
// is none; which ones may be missed says min-hash.ts.

import { invalid } from "../arguments.ts";
import { bandsOf, minHash } from "./min-hash.ts";
import { type NormalizeOptions, normalizeText } from "./normalize.ts";
import { jaccard, shinglesOf } from "./shingles.ts";

export interface DuplicateOptions {
  /** Least share of common runs of words (Jaccard), from 0.5 to 1. Absent = exact duplicates only. */
  near?: number;
  /** How texts are written before they are compared. */
  normalize?: NormalizeOptions;
}

/** Groups of places, each ascending, in the order of their first text. Whoever is like one of a group belongs to it. */
export function duplicateGroups(texts: readonly string[], options: DuplicateOptions = {}): number[][] {
  const { near, normalize } = options;
  if (near !== undefined && !(near >= 0.5 && near <= 1)) throw invalid(`near ${near} is not from 0.5 to 1`);
  const roots = texts.map((_, at) => at);
  const firsts = joinExact(texts, roots, normalize);
  if (near !== undefined) joinNear(texts, firsts, roots, near);
  const groups = new Map<number, number[]>();
  for (const at of texts.keys()) {
    const root = rootOf(roots, at);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [at]);
    else group.push(at);
  }
  return [...groups.values()];
}

/** The first text of each group. */
export function dedupe(texts: readonly string[], options: DuplicateOptions = {}): string[] {
  return duplicateGroups(texts, options).map(([first = 0]) => texts[first] as string);
}

/** Returns the first place of each text. */
function joinExact(
  texts: readonly string[],
  roots: number[],
  options: NormalizeOptions | undefined,
): number[] {
  const places = new Map<string, number>();
  for (const [at, text] of texts.entries()) {
    const plain = normalizeText(text, options);
    const first = places.get(plain);
    if (first === undefined) places.set(plain, at);
    else roots[at] = first;
  }
  return [...places.values()];
}

function joinNear(texts: readonly string[], places: readonly number[], roots: number[], near: number): void {
  const shingles = new Map<number, Set<string>>();
  const buckets = new Map<string, number[]>();
  for (const at of places) {
    const own = shinglesOf(texts[at] as string);
    if (own.size === 0) continue;
    shingles.set(at, own);
    for (const band of bandsOf(minHash(own))) {
      const bucket = buckets.get(band) ?? [];
      for (const other of bucket) {
        // Those of one group need not be compared again.
        if (rootOf(roots, at) === rootOf(roots, other)) continue;
        if (jaccard(own, shingles.get(other) as Set<string>) >= near) join(roots, at, other);
      }
      bucket.push(at);
      buckets.set(band, bucket);
    }
  }
}

function rootOf(roots: number[], at: number): number {
  let root = at;
  while (roots[root] !== root) {
    roots[root] = roots[roots[root] as number] as number;
    root = roots[root] as number;
  }
  return root;
}

/** The first text is the root. */
function join(roots: number[], one: number, other: number): void {
  const a = rootOf(roots, one);
  const b = rootOf(roots, other);
  roots[Math.max(a, b)] = Math.min(a, b);
}
