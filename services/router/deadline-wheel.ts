// Deadlines of what is open, in buckets of 50 ms: adding and removing cost the same whatever is in it, and what is
// answered before its deadline leaves nothing behind.

const BUCKET_MS = 50;

export class DeadlineWheel {
  readonly #buckets = new Map<number, Set<string>>();
  #swept: number;

  constructor(nowMs: number) {
    this.#swept = bucketOf(nowMs);
  }

  add(id: string, atMs: number): void {
    // What is due already goes into the next bucket that is looked at.
    const bucket = Math.max(bucketOf(atMs), this.#swept + 1);
    const ids = this.#buckets.get(bucket);
    if (ids === undefined) this.#buckets.set(bucket, new Set([id]));
    else ids.add(id);
  }

  /** `atMs` as it was given to `add`. */
  remove(id: string, atMs: number): void {
    const bucket = bucketOf(atMs);
    const ids = this.#buckets.get(bucket);
    if (ids === undefined) return;
    ids.delete(id);
    if (ids.size === 0) this.#buckets.delete(bucket);
  }

  /** Takes out and returns the ids whose time has come, up to 50 ms late. */
  due(nowMs: number): string[] {
    const until = bucketOf(nowMs) - 1;
    const ids: string[] = [];
    // After a long pause of the process there are more buckets to pass than exist.
    if (until - this.#swept > this.#buckets.size) {
      for (const [bucket, set] of this.#buckets) {
        if (bucket > until) continue;
        ids.push(...set);
        this.#buckets.delete(bucket);
      }
      this.#swept = Math.max(this.#swept, until);
      return ids;
    }
    while (this.#swept < until) {
      this.#swept++;
      const set = this.#buckets.get(this.#swept);
      if (set === undefined) continue;
      ids.push(...set);
      this.#buckets.delete(this.#swept);
    }
    return ids;
  }
}

function bucketOf(ms: number): number {
  return Math.floor(ms / BUCKET_MS);
}
