// Values that many decisions share, each kept once and named by its number.

export class Interned<T> {
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];

  /** The number of the value under this key, which `make` makes the first time. */
  number(key: string, make: () => T): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#values.push(make()) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  at(number: number): T {
    return this.#values[number] as T;
  }

  get values(): readonly T[] {
    return this.#values;
  }
}
