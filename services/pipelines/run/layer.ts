// A map over another one: what is changed in it leaves the other as it was. A decision tries its steps on such layers,
// and they cost what it changes, not what there is.

export interface MapLike<Key, Value> {
  readonly size: number;
  get(key: Key): Value | undefined;
  has(key: Key): boolean;
  set(key: Key, value: Value): unknown;
  delete(key: Key): boolean;
  entries(): Iterable<[Key, Value]>;
  /** The key that has been in it longest. */
  first(): Key | undefined;
}

export class OrderedMap<Key, Value> extends Map<Key, Value> implements MapLike<Key, Value> {
  first(): Key | undefined {
    return this.keys().next().value;
  }
}

export class Layer<Key, Value> implements MapLike<Key, Value> {
  readonly #below: MapLike<Key, Value>;
  readonly #changed = new Map<Key, Value>();
  /** Keys of the one below that are gone, or set again: then they are in `changed`. */
  readonly #hidden = new Set<Key>();
  #oldest: Iterator<[Key, Value]> | undefined;
  #next: Key | undefined;
  #size: number;

  constructor(below: MapLike<Key, Value>) {
    this.#below = below;
    this.#size = below.size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: Key): Value | undefined {
    if (this.#changed.has(key)) return this.#changed.get(key);
    return this.#hidden.has(key) ? undefined : this.#below.get(key);
  }

  has(key: Key): boolean {
    return this.#changed.has(key) || (!this.#hidden.has(key) && this.#below.has(key));
  }

  set(key: Key, value: Value): this {
    if (!this.has(key)) this.#size++;
    else if (!this.#changed.has(key)) this.#hidden.add(key);
    this.#changed.set(key, value);
    return this;
  }

  delete(key: Key): boolean {
    if (!this.has(key)) return false;
    this.#size--;
    this.#changed.delete(key);
    this.#hidden.add(key);
    return true;
  }

  *entries(): Iterable<[Key, Value]> {
    for (const entry of this.#below.entries()) if (!this.#hidden.has(entry[0])) yield entry;
    yield* this.#changed;
  }

  /** What was hidden once is never shown again: the look goes on from where the last one stopped. */
  first(): Key | undefined {
    this.#oldest ??= this.#below.entries()[Symbol.iterator]();
    while (this.#next === undefined || this.#hidden.has(this.#next)) {
      const { value, done } = this.#oldest.next();
      if (done === true) return this.#changed.keys().next().value;
      this.#next = value[0];
    }
    return this.#next;
  }
}
