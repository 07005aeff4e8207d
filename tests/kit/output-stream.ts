// A reader of what an adapter says of its outputs while the model writes them.

import type { OutputStream } from "../../services/native/adapters/mod.ts";

/** Hands each text on; with a field if it is asked for. */
export function readerOf(read: (text: string, field: string) => void | Promise<void>): OutputStream {
  return {
    write: async ({ text, field }) => read(text, field),
    restart: () => {},
  };
}
