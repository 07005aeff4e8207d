// The longest common subsequence of one list of words with others: its length, and where it lies in the other. Of several of
// the same length, the one that `rouge-score` reads out of its table.
//
// The table is in bits (Hyyrö 2004): row i has a 0 at column j where one more word of the list makes what it has in common
// with the first i words of the other longer by one. 32 columns are computed at once, and the table takes a 32nd of the space.

export class LongestCommon {
  readonly #list: readonly string[];
  readonly #width: number;
  /** By word: 1 at the columns where the list has it. */
  readonly #columns = new Map<string, Uint32Array>();

  constructor(list: readonly string[]) {
    this.#list = list;
    this.#width = Math.ceil(list.length / 32);
    for (const [at, word] of list.entries()) {
      let columns = this.#columns.get(word);
      if (columns === undefined) {
        columns = new Uint32Array(this.#width);
        this.#columns.set(word, columns);
      }
      columns[at >> 5] = ((columns[at >> 5] as number) | (1 << (at & 31))) >>> 0;
    }
  }

  lengthWith(other: readonly string[]): number {
    const row = new Uint32Array(this.#width).fill(0xffffffff);
    for (const word of other) this.#advance(row, row, word);
    return zerosBefore(row, this.#list.length);
  }

  /** Places in the other list, the last one first. */
  placesIn(other: readonly string[]): number[] {
    const rows = this.#rows(other);
    const places: number[] = [];
    let i = other.length;
    let j = this.#list.length;
    while (i > 0 && j > 0) {
      if (other[i - 1] === this.#list[j - 1]) {
        places.push(i - 1);
        i--;
        j--;
      } else if (zerosBefore(rows[i] as Uint32Array, j - 1) > zerosBefore(rows[i - 1] as Uint32Array, j)) j--;
      else i--;
    }
    return places;
  }

  #rows(other: readonly string[]): Uint32Array[] {
    const rows = [new Uint32Array(this.#width).fill(0xffffffff)];
    for (const [n, word] of other.entries()) {
      const row = new Uint32Array(this.#width);
      this.#advance(rows[n] as Uint32Array, row, word);
      rows.push(row);
    }
    return rows;
  }

  /** row = (above + (above & columns)) | (above & ~columns) */
  #advance(above: Uint32Array, row: Uint32Array, word: string): void {
    const columns = this.#columns.get(word);
    if (columns === undefined) {
      if (row !== above) row.set(above);
      return;
    }
    let carry = 0;
    for (let at = 0; at < row.length; at++) {
      const bits = above[at] as number;
      const here = columns[at] as number;
      const sum = bits + ((bits & here) >>> 0) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      row[at] = sum | (bits & ~here);
    }
  }
}

/** Among the first `count` bits. */
function zerosBefore(row: Uint32Array, count: number): number {
  let zeros = 0;
  for (let at = 0; at < count >> 5; at++) zeros += ones(~(row[at] as number));
  const rest = count & 31;
  return rest === 0 ? zeros : zeros + ones(~(row[count >> 5] as number) & ((1 << rest) - 1));
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
