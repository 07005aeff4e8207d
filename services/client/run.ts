// A submitted request: its id, its result, its stream, and what can be done to it.

import { DspexError } from "../../schemas/errors.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { StoryEvent } from "./observe.ts";

/** A result whose outputs have the program's types. */
export type TypedResult<Out> = Omit<Result, "outputs"> & { outputs?: Out };

/** What a run needs of the client that made it. */
export interface RunHost {
  cancel(id: string): Promise<void>;
  feedback(id: string, score: number, comment?: string): Promise<void>;
  stream(id: string): AsyncIterable<Chunk>;
  story(id: string): AsyncIterable<StoryEvent>;
}

export class Run<Out> {
  readonly id: string;
  readonly #host: RunHost;
  readonly #result: Promise<TypedResult<Out>>;

  constructor(id: string, host: RunHost, result: Promise<TypedResult<Out>>) {
    this.id = id;
    this.#host = host;
    this.#result = result;
    // Whoever never asks for the result must not be ended by its rejection.
    result.catch(() => {});
  }

  /** The whole result, whatever its status. */
  result(): Promise<TypedResult<Out>> {
    return this.#result;
  }

  /** The outputs. @throws DspexError with the result's error when it failed or was cancelled. */
  async outputs(): Promise<Out> {
    return outputsOf(await this.#result);
  }

  /** Asks to cancel it; resolves when the request to do so is in the log. */
  cancel(): Promise<void> {
    return this.#host.cancel(this.id);
  }

  /** Judges the result, 0 (wrong) to 1 (right). */
  feedback(score: number, comment?: string): Promise<void> {
    return this.#host.feedback(this.id, score, comment);
  }

  /** Pieces of the output as they are made; needs `stream: true` in the request. */
  stream(): AsyncIterable<Chunk> {
    return this.#host.stream(this.id);
  }

  /** Everything that the log holds of this request so far, in order. */
  events(): AsyncIterable<StoryEvent> {
    return this.#host.story(this.id);
  }
}

export function outputsOf<Out>(result: TypedResult<Out>): Out {
  if (result.status === "succeeded") return result.outputs as Out;
  throw result.error === undefined
    ? new DspexError("internal", `${result.id} ${result.status} without an error`)
    : DspexError.fromWire(result.error);
}
