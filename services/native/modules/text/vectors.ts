// The nearest of a set of vectors, exactly: every one is looked at. Sums are in doubles, over components as they are stored.

import { atLeast, invalid } from "../arguments.ts";
import { TopK } from "./top-k.ts";

export type VectorMeasure = "cosine" | "dot" | "euclidean";

export interface VectorHit {
  index: number;
  /** Cosine or dot product, highest first; of `euclidean` the distance, lowest first. */
  score: number;
}

export class VectorIndex {
  readonly size: number;
  readonly dimensions: number;
  /** Vector after vector. */
  readonly #data: Float32Array;
  readonly #lengths: Float64Array;

  /** @throws DspexError for vectors of different dimensions, or with a component that is no finite number. */
  constructor(vectors: readonly (Float32Array | readonly number[])[]) {
    this.size = vectors.length;
    this.dimensions = vectors[0]?.length ?? 0;
    this.#data = new Float32Array(this.size * this.dimensions);
    for (const [n, vector] of vectors.entries()) {
      this.#check(vector, `vector ${n}`);
      this.#data.set(vector, n * this.dimensions);
    }
    this.#lengths = Float64Array.from(vectors, (_, n) => Math.sqrt(this.#dot(this.#row(n), n)));
  }

  /** Of equally near ones the first. A vector of zeros has cosine 0 with every other. */
  search(query: Float32Array | readonly number[], k = 10, measure: VectorMeasure = "cosine"): VectorHit[] {
    atLeast(k, 1, "k");
    if (this.size === 0) return [];
    this.#check(query, "the query");
    const wanted = Float32Array.from(query);
    const length = Math.sqrt(wanted.reduce((sum, one) => sum + one * one, 0));
    const top = new TopK(k);
    for (let n = 0; n < this.size; n++) {
      if (measure === "euclidean") {
        top.offer(-this.#distance(wanted, n), n);
        continue;
      }
      const product = this.#dot(wanted, n);
      const scale = measure === "dot" ? 1 : length * (this.#lengths[n] as number);
      top.offer(scale === 0 ? 0 : product / scale, n);
    }
    const hits = top.sorted();
    return measure === "euclidean" ? hits.map(({ index, score }) => ({ index, score: 0 - score })) : hits;
  }

  #row(n: number): Float32Array {
    return this.#data.subarray(n * this.dimensions, (n + 1) * this.dimensions);
  }

  #dot(query: Float32Array, n: number): number {
    const from = n * this.dimensions;
    let sum = 0;
    for (let at = 0; at < this.dimensions; at++)
      sum += (query[at] as number) * (this.#data[from + at] as number);
    return sum;
  }

  #distance(query: Float32Array, n: number): number {
    const from = n * this.dimensions;
    let sum = 0;
    for (let at = 0; at < this.dimensions; at++) {
      const gap = (query[at] as number) - (this.#data[from + at] as number);
      sum += gap * gap;
    }
    return Math.sqrt(sum);
  }

  #check(vector: Float32Array | readonly number[], what: string): void {
    if (vector.length !== this.dimensions) {
      throw invalid(`${what} has ${vector.length} dimensions, the first one ${this.dimensions}`);
    }
    for (let at = 0; at < vector.length; at++) {
      if (!Number.isFinite(Math.fround(vector[at] as number))) {
        throw invalid(`${what} has ${vector[at]} at ${at}`);
      }
    }
  }
}
