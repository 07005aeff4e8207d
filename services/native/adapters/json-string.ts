// Reads one JSON string, character by character, and gives its text as far as it is certain: an escape that has only
// begun, and the first half of a pair of surrogates, wait for the rest.

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const UNICODE_DIGITS = 4;

export class JsonStringReader {
  #text = "";
  /** What follows a backslash; undefined outside of an escape. */
  #escape: string | undefined;
  #high: string | undefined;
  #ended = false;

  begin(): void {
    this.#text = "";
    this.#escape = undefined;
    this.#high = undefined;
    this.#ended = false;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }
  /** Nothing of it is half there. */
  get isWhole(): boolean {
    return this.#escape === undefined && this.#high === undefined;
  }

  /** Text since the last call. */
  takeText(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  read(character: string): void {
    if (this.#escape !== undefined) this.#readEscape(character);
    else if (character === "\\") this.#escape = "";
    else if (character === '"') {
      this.#add("");
      this.#ended = true;
    } else this.#add(character);
  }

  #readEscape(character: string): void {
    const sequence = `${this.#escape}${character}`;
    if (!sequence.startsWith("u")) {
      this.#escape = undefined;
      this.#add(ESCAPES[character] ?? character);
    } else if (sequence.length <= UNICODE_DIGITS) this.#escape = sequence;
    else {
      this.#escape = undefined;
      const unit = Number.parseInt(sequence.slice(1), 16);
      this.#add(Number.isNaN(unit) ? "\ufffd" : String.fromCharCode(unit));
    }
  }

  #add(unit: string): void {
    const joined = `${this.#high ?? ""}${unit}`;
    this.#high = undefined;
    if (/[\ud800-\udbff]$/.test(joined) && unit !== "") {
      this.#text += joined.slice(0, -1).toWellFormed();
      this.#high = joined.slice(-1);
    } else this.#text += joined.toWellFormed();
  }
}
