// Chunks of outputs as they come: for a person at a terminal as text that grows, for a script one line of JSON each. In a
// file or a pipe half an output that starts over later would be worse than none: there the outputs are written at the end.

import type { StreamChunk } from "../../client/mod.ts";
import type { Terminal } from "./terminal.ts";

export interface StreamViewOptions {
  json?: boolean | undefined;
  /** An only output is shown as it is, several with their names. */
  isOnlyOutput: boolean;
}

/** Returns whether a person has seen the outputs. The error that ends the stream is that of the result, which tells it. */
export async function showStream(
  terminal: Terminal,
  chunks: AsyncIterable<StreamChunk>,
  { json = false, isOnlyOutput }: StreamViewOptions,
): Promise<boolean> {
  if (!json && !terminal.interactive) return false;
  let shown: string | undefined;
  for await (const chunk of chunks) {
    if (json) {
      terminal.json(chunk);
      continue;
    }
    if (chunk.restarted === true && shown !== undefined) {
      terminal.line();
      terminal.note(terminal.paint("yellow", why(chunk)));
      shown = undefined;
    } else if (chunk.gap === true) terminal.note(terminal.paint("yellow", "… some of it is gone …"));
    if (chunk.field === undefined) continue;
    if (chunk.field !== shown) {
      if (shown !== undefined) terminal.line();
      if (!isOnlyOutput) terminal.text(terminal.paint("bold", `${chunk.field}: `));
      shown = chunk.field;
    }
    terminal.text(chunk.text);
  }
  if (!json && shown !== undefined) terminal.line();
  return !json && shown !== undefined;
}

function why({ gap, attempt, delivery }: StreamChunk): string {
  if (gap === true) return "some of it is gone; the whole outputs:";
  return attempt > 1 || delivery > 1 ? `starts over: attempt ${attempt}` : "starts over";
}
