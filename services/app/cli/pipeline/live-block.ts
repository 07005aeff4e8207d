// Lines at the end of a terminal that are drawn again in their place, for a person; nothing for a script.

import type { Terminal } from "../terminal.ts";

/** Drawing costs more than reading an event. */
const DRAW_EVERY_MS = 80;

export class LiveBlock {
  readonly #terminal: Terminal;
  #drawn = 0;
  #drawnAtMs = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Left out where one has just been drawn, unless it is `last`. */
  draw(lines: () => readonly string[], last = false): void {
    const nowMs = performance.now();
    if (!last && nowMs - this.#drawnAtMs < DRAW_EVERY_MS) return;
    this.#drawnAtMs = nowMs;
    const all = lines();
    // Up to the first line of what was drawn, and everything below it away.
    const up = this.#drawn > 1 ? `\u001b[${this.#drawn - 1}A` : "";
    this.#terminal.progress(`${up}\r\u001b[J${all.join("\n")}`);
    this.#drawn = all.length;
  }

  /** What comes next stands below it. */
  end(): void {
    if (this.#drawn > 0) this.#terminal.note("");
    this.#drawn = 0;
  }
}
