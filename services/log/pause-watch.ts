// Notices that this process stood still for so long (stopped, swapped out, a machine asleep) that the server may have
// given away what it held: after that, what seems to be new may have been done by somebody else.

const BEAT_MS = 1_000;

export class PauseWatch {
  readonly #ackWaitMs: number;
  readonly #timer: NodeJS.Timeout;
  #aliveAtMs = performance.now();
  /** End of the last pause. */
  #endedAtMs = Number.NEGATIVE_INFINITY;

  /** `ackWaitMs`: after so long without a word the server gives messages to others. */
  constructor(ackWaitMs: number) {
    this.#ackWaitMs = ackWaitMs;
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  /** Whether something taken at `takenAtMs` may have been given to others: it lay in a socket while we stood still. */
  concerns(takenAtMs: number): boolean {
    this.#beat();
    return takenAtMs < this.#endedAtMs + this.#ackWaitMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Messages that were on their way are handled before any timer: whoever asks has to look at the clock. */
  #beat(): void {
    const nowMs = performance.now();
    // In-progress is sent each third of the time: the last one may be that old when the pause begins.
    if (nowMs - this.#aliveAtMs > this.#ackWaitMs / 2) this.#endedAtMs = nowMs;
    this.#aliveAtMs = nowMs;
  }
}
