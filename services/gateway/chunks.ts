// Streamed output of one request from a position, then live to its end: what is stored by direct get, what comes by a
// subscription that only wakes the reading.

import { z } from "zod";
import { parseJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import { chunkSubject, liveResultSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import type { RequestLookup } from "./lookup.ts";

const positionSchema = z.strictObject({
  attempt: z.number().int().positive().optional(),
  delivery: z.number().int().positive().optional(),
  after: z.number().int().nonnegative().optional(),
});
type Position = z.infer<typeof positionSchema>;

const MAX_PIECES = 256;
const ANSWER_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;

export interface ChunkSources {
  connection: NatsConnection;
  chunks: LogReader;
  lookup: RequestLookup;
}

export async function writeChunks(
  request: ApiRequest,
  writer: PieceWriter,
  sources: ChunkSources,
): Promise<void> {
  const { connection, chunks, lookup } = sources;
  const id = lookup.ownId(request.user, request.tokens.slice(1));
  const parsed = positionSchema.safeParse(request.json());
  if (!parsed.success) throw new DspexError("invalid_inputs", `chunks: ${parsed.error.issues[0]?.message}`);
  if ((await lookup.storedResult(id)) === undefined && (await lookup.open(id)) === undefined) {
    throw new DspexError("not_found", `no request ${JSON.stringify(id)}`);
  }
  let wake = Promise.withResolvers<void>();
  const wakeNow = () => wake.resolve();
  const listen = (subject: string) => connection.subscribe(subject, { callback: wakeNow });
  writer.stopping.addEventListener("abort", wakeNow);
  const subscriptions = [listen(chunkSubject(id)), listen(liveResultSubject(id))];
  const until = Date.now() + ANSWER_MS;
  let sequence = 1;
  let pieces = 0;
  try {
    while (pieces < MAX_PIECES && Date.now() < until && !writer.stopping.aborted) {
      // Asked for before the chunks: a result that is there now has all its chunks before it.
      const finished = (await lookup.storedResult(id)) !== undefined;
      let stored = await chunks.next(chunkSubject(id), sequence);
      while (stored !== null && pieces < MAX_PIECES) {
        sequence = stored.sequence + 1;
        const chunk = parseJson(stored.data) as Chunk;
        if (isAfter(chunk, parsed.data)) writer.piece(chunk, pieces++);
        stored = await chunks.next(chunkSubject(id), sequence);
      }
      if (finished && stored === null) {
        writer.end("done");
        return;
      }
      const timer = setTimeout(() => {
        writer.keepAlive();
        wake.resolve();
      }, KEEP_ALIVE_MS);
      await wake.promise;
      clearTimeout(timer);
      wake = Promise.withResolvers();
    }
  } finally {
    for (const subscription of subscriptions) subscription.unsubscribe();
    writer.stopping.removeEventListener("abort", wakeNow);
  }
  writer.end("more");
}

function isAfter(chunk: Chunk, position: Position): boolean {
  const attempt = position.attempt ?? 0;
  if (chunk.attempt !== attempt) return chunk.attempt > attempt;
  const delivery = position.delivery ?? 0;
  if (chunk.delivery !== delivery) return chunk.delivery > delivery;
  return chunk.index > (position.after ?? -1);
}
