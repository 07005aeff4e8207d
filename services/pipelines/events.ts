// The events of one run from a position, then as they come, to its end. An answer ends after so many pieces or so long,
// and the reader asks again from where it is.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import { isPipelineVerb } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { RunEventAnswer } from "../client/pipelines/answers.ts";
import type { LogReader } from "../log/read.ts";
import { namedIn } from "./event.ts";
import type { PipelinesFold } from "./fold.ts";
import { keyOf } from "./state.ts";
import type { RunWatchers } from "./watchers.ts";

const MAX_PIECES = 256;
const ANSWER_MS = 60_000;
/** A reader notices within three of these that its service is gone. */
const KEEP_ALIVE_MS = 3_000;
const READ_AT_ONCE = 64;

const askSchema = z.strictObject({
  run: z.string().regex(/^[A-Za-z0-9]{1,32}$/, "expected a run [A-Za-z0-9]{1,32}"),
  /** Sequence of the last event that the reader has. */
  after: z.number().int().nonnegative().default(0),
});

export async function writeEvents(
  request: ApiRequest,
  writer: PieceWriter,
  { fold, watchers, reader }: { fold: PipelinesFold; watchers: RunWatchers; reader: LogReader },
): Promise<void> {
  const { run, after } = check(askSchema, request.json());
  const { user } = request;
  const subject = pipelineEventSubject(user, run, "*");
  const until = Date.now() + ANSWER_MS;
  let wake = Promise.withResolvers<void>();
  const wakeNow = () => wake.resolve();
  using _ = watchers.watch(user, run, wakeNow);
  writer.stopping.addEventListener("abort", wakeNow);
  try {
    let from = after + 1;
    for (let pieces = 0; pieces < MAX_PIECES && Date.now() < until && !writer.stopping.aborted; ) {
      const isOn = fold.state.runs.has(keyOf(user, run));
      const some = await reader.some(subject, from, Math.min(READ_AT_ONCE, MAX_PIECES - pieces));
      for (const message of some) {
        from = message.sequence + 1;
        const verb = namedIn(message.subject)?.verb ?? "";
        if (!isPipelineVerb(verb) || verb === "registered" || verb === "removed") continue;
        const { data } = message.json() as CloudEvent<Record<string, unknown>>;
        const view: RunEventAnswer = {
          sequence: message.sequence,
          time: new Date(message.timeMs).toISOString(),
          verb,
          data,
        };
        writer.piece(view, pieces++);
        if (verb === "finished") {
          writer.end("done");
          return;
        }
      }
      if (some.length > 0) continue;
      if (!isOn && pieces === 0 && after === 0) throw new DspexError("not_found", `no run "${run}"`);
      if (!isOn) {
        // It ended before the position that was asked for.
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
    writer.end("more");
  } finally {
    writer.stopping.removeEventListener("abort", wakeNow);
  }
}
