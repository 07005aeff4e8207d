// Folds the log and stops at every state that a decision was taken from.
//
//   message at sequence m:  states with sequence < m are due → hand them out → then fold m

import { decodeEvent, type EventMessage, type RouterEvent } from "../event.ts";
import { evolve } from "../evolve.ts";
import { initialState, type RouterState } from "../state.ts";

export interface StateWalkOptions {
  /** State to begin from: a snapshot's; absent = the empty one before the log's first message. */
  state?: RouterState;
  /** First sequence of the log. Where it is not 1 and there is no snapshot, no state is whole. */
  headSequence: number;
}

/** Decisions that were taken from one state; undefined = it is not whole, nothing can be said of them. */
type OnState = (indexes: Uint32Array, state: RouterState | undefined) => void;

export class StateWalk {
  readonly #stateSequences: readonly number[];
  readonly #onState: OnState;
  /** States before it are not whole. */
  readonly #wholeFrom: number;
  /** Indexes of the decisions in the order of their states. */
  readonly #order: Uint32Array;
  #state: RouterState;
  #due = 0;

  constructor(
    stateSequences: readonly number[],
    { state, headSequence }: StateWalkOptions,
    onState: OnState,
  ) {
    this.#stateSequences = stateSequences;
    this.#onState = onState;
    this.#state = state ?? initialState();
    this.#wholeFrom = state?.sequence ?? (headSequence > 1 ? Number.POSITIVE_INFINITY : 0);
    this.#order = inOrderOf(stateSequences);
  }

  /** First and last sequence that have to be folded. */
  get fromSequence(): number {
    return this.#state.sequence + 1;
  }
  get toSequence(): number {
    const last = this.#order.at(-1);
    return last === undefined ? 0 : this.#sequence(last);
  }

  /** Returns what was decoded, also of messages from before the state that it began from. */
  take(message: EventMessage): RouterEvent | undefined {
    this.#handOut(message.sequence);
    const event = decoded(message);
    if (message.sequence <= this.#state.sequence) return event;
    if (event === undefined) this.#state.sequence = message.sequence;
    else this.#state = evolve(this.#state, event);
    return event;
  }

  /** After the last message. */
  end(): void {
    this.#handOut(Number.POSITIVE_INFINITY);
  }

  #handOut(before: number): void {
    while (this.#due < this.#order.length) {
      const sequence = this.#sequence(this.#order[this.#due] as number);
      if (sequence >= before) return;
      const start = this.#due;
      while (this.#due < this.#order.length && this.#sequence(this.#order[this.#due] as number) === sequence)
        this.#due++;
      const state = sequence < this.#wholeFrom ? undefined : this.#state;
      this.#onState(this.#order.subarray(start, this.#due), state);
    }
  }

  #sequence(index: number): number {
    return this.#stateSequences[index] as number;
  }
}

/** Indexes in the order of the values; equal ones as they come. */
export function inOrderOf(values: readonly number[]): Uint32Array {
  const indexes = Uint32Array.from(values, (_, index) => index);
  return indexes.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
}

/** A message that cannot be read is passed over, as the router does. */
function decoded(message: EventMessage): RouterEvent | undefined {
  try {
    return decodeEvent(message);
  } catch {
    return undefined;
  }
}
