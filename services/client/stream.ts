// Pieces of a streamed output. A reader follows the greatest (attempt, delivery); when another attempt takes over, what
// came before is void: a chunk with a greater attempt or delivery starts over.

import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Api } from "./api.ts";

export async function* chunks(api: Api, id: string): AsyncGenerator<Chunk> {
  let position: { attempt: number; delivery: number; after: number } | undefined;
  for (;;) {
    const answer = api.pieces({ verb: `chunks.${id}`, ...(position !== undefined && { body: position }) });
    try {
      for (;;) {
        const { value, done } = await answer.next();
        if (done && !value) return;
        if (done) break;
        const chunk = value.value as Chunk;
        if (position !== undefined && isBefore(chunk, position)) continue;
        position = { attempt: chunk.attempt, delivery: chunk.delivery, after: chunk.index };
        yield chunk;
      }
    } finally {
      await answer.return(false);
    }
  }
}

function isBefore(chunk: Chunk, position: { attempt: number; delivery: number; after: number }): boolean {
  if (chunk.attempt !== position.attempt) return chunk.attempt < position.attempt;
  if (chunk.delivery !== position.delivery) return chunk.delivery < position.delivery;
  return chunk.index <= position.after;
}
