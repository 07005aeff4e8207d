// The order of a stream's chunks: by attempt, then delivery, then index. A later attempt or delivery starts over. Pure.

import type { Chunk } from "../messages/chunk.ts";

/** Of a chunk, or of a reader that has had it. */
export interface ChunkPlace {
  attempt: number;
  delivery: number;
  index: number;
}

/** Before all chunks. */
export const CHUNK_START: ChunkPlace = { attempt: 0, delivery: 0, index: -1 };

export function placeOf({ attempt, delivery, index }: Chunk): ChunkPlace {
  return { attempt, delivery, index };
}

export function isAfter(chunk: ChunkPlace, place: ChunkPlace): boolean {
  if (chunk.attempt !== place.attempt) return chunk.attempt > place.attempt;
  if (chunk.delivery !== place.delivery) return chunk.delivery > place.delivery;
  return chunk.index > place.index;
}

/** Nothing can lie between the two. */
export function isNext(chunk: ChunkPlace, place: ChunkPlace): boolean {
  const isSame = chunk.attempt === place.attempt && chunk.delivery === place.delivery;
  return isSame && chunk.index === place.index + 1;
}
