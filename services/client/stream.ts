// A streamed output as its reader sees it: chunks in order, none missing and none twice, said where they start over or some
// are gone, and the outputs of the result where the chunks do not add up to them.
//
//   chunks of the gateway ─▶ last one final, of the attempt that answered, none gone ─▶ end
//                                 └ else ─▶ the result's outputs, which start over

import { type ChunkPlace, placeOf } from "../../schemas/envelope/chunk-order.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Api } from "./api.ts";
import { followChunks } from "./follow-chunks.ts";
import { formatPosition, parsePosition, type StreamPosition } from "./stream-position.ts";

export interface StreamChunk extends Chunk {
  /** Throw away what came before: another attempt has taken over, or says something else. */
  restarted?: true;
  /** Chunks before it are gone, by their age or with the server that had them. The outputs of the result come at the end. */
  gap?: true;
  /** `stream({ after })` goes on behind it, in any process. */
  position: string;
}

export interface StreamOptions {
  /** `position` of the last chunk that was read. */
  after?: string | undefined;
  /** The producer waits while its slowest such reader is `room` chunks behind. */
  backpressure?: boolean;
  /** 1 to 256, 64 by default; only with `backpressure`. */
  room?: number;
}

export interface StreamSource {
  api: Api;
  id: string;
  /** False: nobody asked for chunks, there are none. */
  streams: boolean;
  isOwn: boolean;
  result(): Promise<Result>;
  hasResult(): Promise<boolean>;
}

const DEFAULT_ROOM = 64;
const MAX_ROOM = 256;

/** @throws DspexError that of the result, at the end, when the request failed or was cancelled. */
export async function* streamOf(
  source: StreamSource,
  options: StreamOptions = {},
): AsyncGenerator<StreamChunk> {
  const after = options.after === undefined ? undefined : parsePosition(options.after);
  const room = roomOf(options);
  let read: ReadSoFar = { place: placeIn(after), isComplete: isFinal(after), hasGap: isGap(after) };
  if (source.streams && after?.kind !== "output") {
    const following = { after: read.place, room, isOwn: source.isOwn, hasResult: () => source.hasResult() };
    for await (const chunk of followChunks(source.api, source.id, following)) {
      const next = readNext(read, chunk);
      read = next.read;
      yield next.chunk;
    }
  }
  const result = await source.result();
  const outputs = outputsIn(result);
  const answeredBy = result.attempts.at(-1)?.attempt;
  if (read.isComplete && read.place?.attempt === answeredBy) return;
  const from = after?.kind === "output" ? after.index + 1 : 0;
  const restarted = read.place !== undefined;
  const isGone = source.streams && restarted && read.place?.attempt === answeredBy;
  yield* outputChunks(result, outputs, from, { restarted, isGone });
}

interface ReadSoFar {
  place: ChunkPlace | undefined;
  /** The last chunk was the final one of its attempt, and none before it is gone. */
  isComplete: boolean;
  hasGap: boolean;
}

function readNext(before: ReadSoFar, chunk: Chunk): { read: ReadSoFar; chunk: StreamChunk } {
  const { place } = before;
  const isSame = place?.attempt === chunk.attempt && place.delivery === chunk.delivery;
  const isOther = place !== undefined && !isSame;
  // What lies before a new beginning does not matter.
  const gap = chunk.restarted !== true && chunk.index > (isSame ? place.index + 1 : 0);
  const restarted = isOther || (chunk.restarted === true && place !== undefined);
  const hasGap = gap || (before.hasGap && !restarted);
  const isComplete = chunk.final === true && !hasGap;
  const { attempt, delivery, index } = chunk;
  const mark = isComplete ? "final" : hasGap ? "gap" : undefined;
  const { restarted: _restarted, ...rest } = chunk;
  return {
    read: { place: placeOf(chunk), isComplete, hasGap },
    chunk: {
      ...rest,
      ...(restarted && { restarted }),
      ...(gap && { gap }),
      position: formatPosition({ kind: "chunk", attempt, delivery, index, mark }),
    },
  };
}

function* outputChunks(
  { id, attempts }: Result,
  outputs: Record<string, unknown>,
  from: number,
  { restarted, isGone }: { restarted: boolean; isGone: boolean },
): Generator<StreamChunk> {
  const entries = Object.entries(outputs).filter(([, value]) => value !== undefined);
  for (const [index, [field, value]] of entries.entries()) {
    if (index < from) continue;
    const isText = typeof value === "string";
    yield {
      id,
      attempt: attempts.at(-1)?.attempt ?? 1,
      delivery: 1,
      index,
      field,
      text: isText ? value : stringifyJson(value),
      ...(!isText && { json: true }),
      ...(index === entries.length - 1 && { final: true }),
      ...(restarted && index === 0 && { restarted }),
      ...(isGone && index === 0 && { gap: true }),
      position: formatPosition({ kind: "output", index }),
    };
  }
}

/** @throws DspexError the result's own error. */
function outputsIn(result: Result): Record<string, unknown> {
  if (result.status === "succeeded") return result.outputs ?? {};
  throw result.error === undefined
    ? new DspexError("internal", `${result.id} ${result.status} without an error`)
    : DspexError.fromWire(result.error);
}

function roomOf({ backpressure = false, room = DEFAULT_ROOM }: StreamOptions): number | undefined {
  if (!Number.isInteger(room) || room < 1 || room > MAX_ROOM)
    throw new DspexError("invalid_inputs", `room ${room} is not a whole number from 1 to ${MAX_ROOM}`, {
      path: "room",
    });
  return backpressure ? room : undefined;
}

function placeIn(position: StreamPosition | undefined): ChunkPlace | undefined {
  return position?.kind === "chunk" ? position : undefined;
}

function isFinal(position: StreamPosition | undefined): boolean {
  return position?.kind === "chunk" && position.mark === "final";
}

function isGap(position: StreamPosition | undefined): boolean {
  return position?.kind === "chunk" && position.mark === "gap";
}
