// Byte pair encoding of one piece of text: of all neighbours that are together in the vocabulary, those with the lowest rank
// are joined first, the leftmost of equal ones. With a heap, so that a piece of a million letters takes time that grows with
// its length; the merging of `gpt-tokenizer`, whose vocabularies these are, looks through the whole piece for each pair.

/** Of ranks and places in one number, in the order in which pairs are joined. */
const PLACES = 2 ** 31;
const NONE = -1;

export class BytePairs {
  /** Bytes of a token, each as one character → its rank. */
  readonly #ranks = new Map<string, number>();
  #longest = 0;

  /** @param tokens by rank: texts, or bytes where they are no text. */
  constructor(tokens: readonly (string | readonly number[])[]) {
    for (const [rank, token] of tokens.entries()) {
      if (token === undefined) continue;
      const bytes = typeof token === "string" ? bytesOf(token) : String.fromCharCode(...token);
      this.#ranks.set(bytes, rank);
      this.#longest = Math.max(this.#longest, bytes.length);
    }
  }

  /** Bytes of each token of a piece. */
  lengths(piece: string): number[] {
    const bytes = bytesOf(piece);
    return this.#ranks.has(bytes) ? [bytes.length] : this.#merged(bytes);
  }

  #merged(bytes: string): number[] {
    const count = bytes.length;
    /** By where a part starts: where the next one does, where the one before did, and the rank of it with the next. */
    const next = Int32Array.from({ length: count }, (_, at) => at + 1);
    const before = Int32Array.from({ length: count }, (_, at) => at - 1);
    const ranks = new Int32Array(count).fill(NONE);
    const heap = new NumberHeap();
    const rank = (at: number): void => {
      const end = (next[at] as number) < count ? (next[next[at] as number] as number) : NONE;
      const isShort = end !== NONE && end - at <= this.#longest;
      const found = isShort ? (this.#ranks.get(bytes.slice(at, end)) ?? NONE) : NONE;
      ranks[at] = found;
      if (found !== NONE) heap.push(found * PLACES + at);
    };
    for (let at = 0; at < count; at++) rank(at);
    for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
      const at = top % PLACES;
      // What has been joined since is no pair any more.
      if (ranks[at] !== Math.floor(top / PLACES)) continue;
      const gone = next[at] as number;
      const after = next[gone] as number;
      next[at] = after;
      ranks[gone] = NONE;
      if (after < count) before[after] = at;
      rank(at);
      if ((before[at] as number) >= 0) rank(before[at] as number);
    }
    const lengths: number[] = [];
    for (let at = 0; at < count; at = next[at] as number) lengths.push((next[at] as number) - at);
    return lengths;
  }
}

/** UTF-8, each byte as one character. */
function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** The least number on top. */
class NumberHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((items[above] as number) <= item) break;
      items[at] = items[above] as number;
      at = above;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++;
      if ((items[child] as number) >= item) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = item;
    return top;
  }
}
