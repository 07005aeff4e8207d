// The lines of a stream, each cut at a length: a process that talks without end, and never ends a line, must not fill the
// memory of who listens.

import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

const MAX_LINE_CHARACTERS = 65_536;

/** The last line counts without its end, too. Errors of the stream end it: it ends with its process. */
export function onLines(stream: Readable | null | undefined, onLine: (line: string) => void): void {
  if (stream === null || stream === undefined) return;
  const decoder = new StringDecoder("utf8");
  let line = "";
  const take = (text: string) => {
    const parts = text.split("\n");
    const last = parts.pop() ?? "";
    for (const part of parts) {
      onLine(joined(line, part).replace(/\r$/, ""));
      line = "";
    }
    line = joined(line, last);
  };
  stream.on("data", (data: Buffer) => take(decoder.write(data)));
  stream.once("end", () => {
    if (line !== "") onLine(line);
  });
  stream.on("error", () => {});
}

function joined(line: string, more: string): string {
  return line + more.slice(0, MAX_LINE_CHARACTERS - line.length);
}
