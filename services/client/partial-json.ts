// The beginning of a JSON text as the value that it is so far: what is open is closed. Takes texts that are cut where
// chunks of streamed outputs are: in the middle of a string at most, never in a number, an escape or a member's name.

/** Follows what is open, so that a growing text is looked at once. */
export class JsonEnd {
  #closers = "";
  #isInString = false;
  #isEscaped = false;

  add(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const character = text[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isInString) {
        if (character === "\\") this.#isEscaped = true;
        else if (character === '"') this.#isInString = false;
      } else if (character === '"') this.#isInString = true;
      else if (character === "{") this.#closers = `}${this.#closers}`;
      else if (character === "[") this.#closers = `]${this.#closers}`;
      else if (character === "}" || character === "]") this.#closers = this.#closers.slice(1);
    }
  }

  get isInString(): boolean {
    return this.#isInString;
  }

  /** What completes the text so far. */
  get closing(): string {
    return `${this.#isInString ? '"' : ""}${this.#closers}`;
  }
}

export function closedJson(text: string): string {
  const end = new JsonEnd();
  end.add(text);
  return text + end.closing;
}
