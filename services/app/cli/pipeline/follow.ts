// Shows a run until it has finished: redrawn in place on a terminal, a line for each event elsewhere, JSON lines where
// asked for; what its stages write, too, with `stream`.

import type { PipelineRun, RunEvent, TypedPipelineResult } from "../../../client/mod.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { eventLines } from "./event-lines.ts";
import { LiveBlock } from "./live-block.ts";
import { runLines } from "./run-lines.ts";
import { showChunks } from "./show-chunks.ts";

export interface FollowOptions {
  pipeline: string;
  json?: boolean | undefined;
  stream?: boolean | undefined;
  /** What Ctrl-C does to the run. */
  onInterrupt: "cancel" | "leave";
}

const ROWS = 24;
const NARROW = 80;
/** Time goes on though nothing happens. */
const TICK_MS = 250;

/** @throws Exit `interrupted` when Ctrl-C left a run that goes on. */
export async function follow(
  context: CommandContext,
  run: PipelineRun,
  options: FollowOptions,
): Promise<TypedPipelineResult<Record<string, unknown>>> {
  const { terminal, interrupted } = context;
  const stopped = Promise.withResolvers<void>();
  const onInterrupt = () => {
    if (options.onInterrupt === "leave") return stopped.resolve();
    // It is followed to its end: what was done may have to be undone.
    run.cancel("Ctrl-C").catch((error: Error) => {
      terminal.note(`could not cancel: ${error.message}`);
      stopped.resolve();
    });
  };
  interrupted.addEventListener("abort", onInterrupt, { once: true });
  if (interrupted.aborted) onInterrupt();
  // Into a file or a pipe come the outputs alone.
  const streams = options.stream === true && (options.json === true || terminal.interactive);
  const chunks = streams ? showChunks(terminal, run, { json: options.json }) : undefined;
  try {
    await showEvents(terminal, run, options, stopped.promise);
    await chunks?.ended;
    return await run.result();
  } finally {
    interrupted.removeEventListener("abort", onInterrupt);
    chunks?.stop();
  }
}

async function showEvents(
  terminal: CommandContext["terminal"],
  run: PipelineRun,
  { pipeline, json, stream }: FollowOptions,
  stopped: Promise<void>,
): Promise<void> {
  const isLive = json !== true && stream !== true && terminal.showsProgress;
  // Lines would fall in the middle of what the stages write.
  const isQuiet = stream === true && terminal.interactive;
  const block = new LiveBlock(terminal);
  const paint = terminal.paint.bind(terminal);
  // A terminal that does not know how wide it is says 0.
  const columns = terminal.columns > 0 ? terminal.columns : NARROW;
  let startedAt = "";
  let last: RunEvent | undefined;
  let lastAtMs = performance.now();
  const draw = (isLast = false) => {
    const event = last;
    if (!isLive || event === undefined) return;
    const { progress } = event;
    const sinceMs = event.verb === "finished" ? 0 : performance.now() - lastAtMs;
    block.draw(
      () =>
        runLines(
          { ...progress, elapsedMs: progress.elapsedMs + sinceMs, pipeline, run: run.id, startedAt },
          { paint, columns, rows: ROWS },
        ),
      isLast,
    );
  };
  const ticking = isLive ? setInterval(() => draw(), TICK_MS) : undefined;
  const events = run.events();
  try {
    for (;;) {
      const next = await Promise.race([events.next(), stopped]);
      if (next === undefined)
        throw new Exit(EXIT.interrupted, `it goes on; dspex pipeline watch ${run.id} shows it again`);
      if (next.done) return;
      last = next.value;
      startedAt ||= last.time;
      lastAtMs = performance.now();
      if (isLive) draw();
      else if (json === true) terminal.json(last);
      else if (!isQuiet) for (const line of eventLines(last, paint)) terminal.note(line);
    }
  } finally {
    clearInterval(ticking);
    draw(true);
    block.end();
    // It may be waiting for an answer, which it is not worth to wait for.
    void events.return(undefined).catch(() => {});
  }
}
