// What the streaming stages of one run write, as they write it: the run's events say when a stage begins, its request's
// chunks are read from then on, and all of them come as one. A reader that takes its time holds up each of them by one
// chunk, so nothing heaps up here.
//
//   events ──started (a call that streams)──▶ chunks of <user>.p.<run>_<stage>_<n> ──┐
//                                             chunks of the next one ────────────────┴─▶ one after the other as they come

import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { StreamChunk, StreamOptions } from "../stream.ts";
import type { RunEventAnswer } from "./answers.ts";
import { Arrivals } from "./arrivals.ts";
import { StreamPlace } from "./stream-place.ts";

export interface StageChunk extends StreamChunk {
  /** Name of the stage, and where it is: `summaries[3]`. */
  stage: string;
  path?: string;
  /** Which of the stage's requests in the run. */
  n: number;
  /** `stream({ after })` goes on behind it in all stages, in any process. */
  position: string;
}

export interface RunStreamOptions extends StreamOptions {
  /** Of these stages alone. */
  stages?: readonly string[];
}

export interface StreamSources {
  events: AsyncIterator<RunEventAnswer>;
  /** Whether the requests of a stage stream, by its number. */
  streams(stage: number): boolean;
  requestId(stage: number, n: number): string;
  chunks(id: string, options: StreamOptions): AsyncIterator<StreamChunk>;
}

type Came =
  | { from: "events"; event: IteratorResult<RunEventAnswer> }
  | { from: Opened; chunk: IteratorResult<StreamChunk> }
  | { from: "trouble"; error: unknown };

interface Opened {
  number: number;
  stage: string;
  path: string | undefined;
  n: number;
  chunks: AsyncIterator<StreamChunk>;
}

/** @throws DspexError of the events; one stage's failure ends its own stream alone, since the run may go on. */
export async function* runStream(
  sources: StreamSources,
  options: RunStreamOptions,
): AsyncGenerator<StageChunk> {
  const { after, stages, ...each } = options;
  const place = after === undefined ? new StreamPlace() : StreamPlace.parse(after);
  const asked = new Set<Opened | "events">();
  // Each source has one answer in it at most. A race of them would leave a trace in each that is slow, for every chunk.
  const came = new Arrivals<Came>();
  const ask = (from: Opened | "events") => {
    asked.add(from);
    if (from === "events")
      sources.events.next().then(
        (event) => came.put({ from, event }),
        (error: unknown) => came.put({ from: "trouble", error }),
      );
    else
      from.chunks.next().then(
        (chunk) => came.put({ from, chunk }),
        () => came.put({ from, chunk: { done: true, value: undefined } }),
      );
  };
  ask("events");
  try {
    while (asked.size > 0) {
      const next = await came.take();
      if (next.from === "trouble") throw next.error;
      asked.delete(next.from);
      if (next.from === "events") {
        if (next.event.done) continue;
        for (const opened of begun(next.event.value)) ask(opened);
        ask("events");
        continue;
      }
      const { from, chunk } = next;
      if (chunk.done) {
        place.readToEnd(from.number, from.n);
        continue;
      }
      place.at(from.number, from.n, chunk.value.position);
      const { stage, path, n } = from;
      yield { ...chunk.value, stage, ...(path !== undefined && { path }), n, position: place.toString() };
      ask(from);
    }
  } finally {
    await sources.events.return?.();
    for (const from of asked) if (from !== "events") void from.chunks.return?.();
  }

  function begun(event: RunEventAnswer): Opened[] {
    return ((event.data.steps ?? []) as PipelineStep[]).flatMap((step): Opened[] => {
      if (step.kind !== "started" || !sources.streams(step.stage)) return [];
      if (stages !== undefined && !stages.includes(step.name)) return [];
      const { stage, n, name, path } = step;
      if (place.isRead(stage, n)) return [];
      const read = place.positionOf(stage, n);
      const id = sources.requestId(stage, n);
      const chunks = sources.chunks(id, { ...each, ...(read !== undefined && { after: read }) });
      return [{ number: stage, stage: name, path, n, chunks }];
    });
  }
}
