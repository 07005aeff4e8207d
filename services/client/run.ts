// A submitted request: its id, its result, its stream, and what can be done to it.

import { setTimeout as pause } from "node:timers/promises";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Explanation } from "../../schemas/messages/explanation.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { decodeOutputs, decodePartialOutputs, type Signature } from "../../schemas/signature/mod.ts";
import type { StoryEvent } from "./observe.ts";
import { type DeepPartial, PartialOutputs } from "./partial-outputs.ts";
import type { StreamChunk, StreamOptions, StreamSource } from "./stream.ts";

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
  result(id: string, options: { waitMs: number }): Promise<Result>;
  hasResult(id: string): Promise<boolean>;
  streamOf(source: Omit<StreamSource, "api">, options?: StreamOptions): AsyncGenerator<StreamChunk>;
  story(id: string): AsyncIterable<StoryEvent>;
}

export class Run<Out> {
  readonly id: string;
  readonly #host: RunHost;
  readonly #source: Omit<StreamSource, "api">;
  readonly #ast: Signature | undefined;
  #result: Promise<TypedResult<Out>> | undefined;

  private constructor(host: RunHost, source: Omit<StreamSource, "api">, ast: Signature | undefined) {
    this.id = source.id;
    this.#host = host;
    this.#source = source;
    this.#ast = ast;
  }

  /** Of a request that this client has sent. */
  static own<Out>(
    id: string,
    host: RunHost,
    result: Promise<Result>,
    { streams, ast }: { streams: boolean; ast: Signature | undefined },
  ): Run<Out> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    // Whoever never asks for the result must not be ended by its rejection.
    result.then(settle, settle);
    const source = { id, streams, isOwn: true, result: () => result, hasResult: async () => isSettled };
    return new Run<Out>(host, source, ast);
  }

  /** Of a request that somebody has sent at some time; its result is waited for when it is asked for. */
  static byId<Out>(id: string, host: RunHost, ast: Signature | undefined): Run<Out> {
    const source = {
      id,
      streams: true,
      isOwn: false,
      result: () => awaitResult(host, id),
      hasResult: () => host.hasResult(id),
    };
    return new Run<Out>(host, source, ast);
  }

  /** The whole result, whatever its status. */
  result(): Promise<TypedResult<Out>> {
    this.#result ??= this.#source.result().then((result) => typedResult<Out>(result, this.#ast));
    return this.#result;
  }

  /** The outputs. @throws DspexError with the result's error when it failed or was cancelled. */
  async outputs(): Promise<Out> {
    return outputsOf(await this.result());
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

  /**
   * Pieces of the outputs as they are made, each output's in order; without `stream: true` in the request, and from what
   * cannot stream, the final outputs alone.
   * @throws DspexError that of the result, at the end, when the request failed or was cancelled.
   */
  stream(options?: StreamOptions): AsyncGenerator<StreamChunk> {
    return this.#host.streamOf(this.#source, options);
  }

  /**
   * The outputs so far, each time that they grow; the last are the final ones. Texts grow, lists and objects gain members,
   * and other values are there when they are whole. @throws DspexError as `stream` does.
   */
  async *partials(options: Omit<StreamOptions, "after"> = {}): AsyncGenerator<DeepPartial<Out>> {
    const soFar = new PartialOutputs();
    for await (const chunk of this.stream(options)) {
      if (!soFar.add(chunk)) continue;
      const wire = soFar.value();
      yield (this.#ast === undefined ? wire : decodePartialOutputs(this.#ast, wire)) as DeepPartial<Out>;
    }
  }

  /** Everything that the log holds of this request so far, in order. */
  events(): AsyncIterable<StoryEvent> {
    return this.#host.story(this.id);
  }
}

const WAIT_MS = 30_000;
/** Nobody answers for so long. */
const GIVE_UP_MS = 60_000;
const PAUSE_MS = 250;

/** However long the request takes. @throws DspexError `not_found`; `unavailable` when nobody can tell. */
async function awaitResult(host: RunHost, id: string): Promise<Result> {
  let answeredAtMs = performance.now();
  for (;;) {
    try {
      return await host.result(id, { waitMs: WAIT_MS });
    } catch (thrown) {
      const error = asDspexError(thrown);
      if (error.code !== "unavailable") throw error;
      if (isPending(error)) answeredAtMs = performance.now();
      else if (performance.now() - answeredAtMs > GIVE_UP_MS) throw error;
      else await pause(PAUSE_MS);
    }
  }
}

function isPending({ details }: DspexError): boolean {
  return (details as { status?: string } | undefined)?.status === "pending";
}

export function typedResult<Out>(result: Result, ast: Signature | undefined): TypedResult<Out> {
  if (ast === undefined || result.outputs === undefined) return result as TypedResult<Out>;
  return { ...result, outputs: decodeOutputs(ast, result.outputs) as Out };
}

export function outputsOf<Out>(result: TypedResult<Out>): Out {
  if (result.status === "succeeded") return result.outputs as Out;
  throw result.error === undefined
    ? new DspexError("internal", `${result.id} ${result.status} without an error`)
    : DspexError.fromWire(result.error);
}
