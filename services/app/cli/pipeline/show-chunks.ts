// What the streaming stages of a run write, as they write it: a heading where another stage goes on.

import type { PipelineRun, StageChunk } from "../../../client/mod.ts";
import type { Terminal } from "../terminal.ts";

export function showChunks(
  terminal: Terminal,
  run: PipelineRun,
  { json }: { json?: boolean | undefined },
): { ended: Promise<void>; stop(): void } {
  const chunks = run.stream();
  let stopped = false;
  const show = async (): Promise<void> => {
    let before = "";
    for await (const chunk of chunks) {
      if (json === true) terminal.json({ chunk });
      else before = write(terminal, chunk, before);
    }
    if (before !== "") terminal.line();
  };
  const ended = show().catch((error: Error) => {
    if (!stopped) terminal.note(`the stream ended: ${error.message}`);
  });
  return {
    ended,
    stop() {
      stopped = true;
      void chunks.return(undefined).catch(() => {});
    },
  };
}

function write(terminal: Terminal, chunk: StageChunk, before: string): string {
  const { stage, path, field, text, restarted, gap } = chunk;
  if (text === "" && restarted !== true) return before;
  const heading =
    [path, stage].filter((part) => part !== undefined).join("/") + (field === undefined ? "" : `.${field}`);
  if (heading !== before || restarted === true) {
    if (before !== "") terminal.line();
    const note = restarted === true ? " (starts over)" : gap === true ? " (some of it is gone)" : "";
    terminal.line(terminal.paint("dim", `── ${heading}${note}`));
  }
  terminal.text(text);
  return heading;
}
