// A submitted request: its id, its result, its stream, and what can be done to it.

import { DspexError } from "../../schemas/errors.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Explanation } from "../../schemas/messages/explanation.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { StoryEvent } from "./observe.ts";

/** A result whose outputs have the program's types. */
export type TypedResult<Out> = Omit<Result, "outputs"> & { outputs?: Out };

/** What a judgement says besides its score. */
export interface Judgement {
  /** What was looked at, such as `exact`: scores of several count together. */
  metric?: string;
  comment?: string;
  /** Who or what judged: each key has one judgement by each metric. */
  key?: string;
}

/** What a run needs of the client that made it. */
export interface RunHost {
  cancel(id: string): Promise<void>;
  feedback(id: string, score: number, more?: string | Judgement): Promise<boolean>;
  explain(id: string): Promise<Explanation>;
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

  /**
   * Judges the result, 0 (wrong) to 1 (right); `more` is a comment, or metric, comment and key. Returns whether it
   * counts: the first judgement by one metric under one key does, later ones change nothing.
   */
  feedback(score: number, more?: string | Judgement): Promise<boolean> {
    return this.#host.feedback(this.id, score, more);
  }

  /** Why it went where it went, and what became of it so far. */
  explain(): Promise<Explanation> {
    return this.#host.explain(this.id);
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
