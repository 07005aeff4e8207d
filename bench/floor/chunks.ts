// The floor of a stream: pieces published into a memory stream, each acknowledged before the next is sent, so that they
// are stored in order, and read back by an ordered consumer. Written as one would by hand; shares no line with DSPex.

// biome-ignore lint/style/noRestrictedImports: the floor is measured without the doors that it is compared with
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connectFloor, type FloorSettings } from "./wire.ts";

export interface ChunkFloor extends AsyncDisposable {
  /** Streams so many texts; tells when the first was read, and all, ms from the start. */
  stream(texts: readonly string[]): Promise<{ firstMs: number; allMs: number }>;
}

const STREAM = "FLOOR_CHUNK";

export async function startChunkFloor(settings: FloorSettings): Promise<ChunkFloor> {
  const writer = await connectFloor(settings);
  const reader = await connectFloor(settings);
  const manager = await jetstreamManager(writer);
  await manager.streams.add({ name: STREAM, subjects: ["floor-chunk.>"], storage: "memory" });
  let n = 0;
  return {
    async stream(texts) {
      const subject = `floor-chunk.${++n}`;
      const consumer = await jetstream(reader).consumers.get(STREAM, { filter_subjects: subject });
      const done = Promise.withResolvers<void>();
      let read = 0;
      let firstMs = 0;
      const messages = await consumer.consume({
        callback: (message) => {
          message.json();
          if (++read === 1) firstMs = performance.now() - start;
          if (read === texts.length) done.resolve();
        },
      });
      const start = performance.now();
      for (const [index, text] of texts.entries())
        await writer.request(subject, JSON.stringify({ id: subject, attempt: 1, delivery: 1, index, text }));
      await done.promise;
      const allMs = performance.now() - start;
      await messages.close();
      return { firstMs, allMs };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([writer.close(), reader.close()]);
    },
  };
}
