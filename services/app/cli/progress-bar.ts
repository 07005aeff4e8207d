// A bar on standard error while a log is folded, for a person; nothing for a script.

import type { Terminal } from "./terminal.ts";

const WIDTH = 30;
/** Drawing costs more than folding a message. */
const DRAW_EVERY_MS = 100;

export class ProgressBar {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #total: number;
  #drawnAtMs = 0;

  constructor(terminal: Terminal, what: string, total: number) {
    this.#terminal = terminal;
    this.#what = what;
    this.#total = total;
  }

  at(done: number): void {
    if (!this.#terminal.showsProgress) return;
    const nowMs = performance.now();
    if (nowMs - this.#drawnAtMs < DRAW_EVERY_MS) return;
    this.#drawnAtMs = nowMs;
    const share = this.#total === 0 ? 1 : Math.min(done / this.#total, 1);
    const full = Math.round(share * WIDTH);
    const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
    this.#terminal.progress(
      `${this.#what} ${bar} ${Math.floor(share * 100)} %  ${done.toLocaleString("en")}`,
    );
  }

  end(): void {
    this.#terminal.progress("");
  }
}
