// The events of one run from a sequence on, live until it has finished: over lost connections and services that start
// anew it goes on behind the last one that it has given, none missing, none twice.

import { setTimeout as pause } from "node:timers/promises";
import { asDspexError } from "../../../schemas/errors.ts";
import { liveRunSubject } from "../../../schemas/subjects.ts";
import type { RunEventAnswer } from "./answers.ts";
import type { PipelineHost } from "./pipeline-host.ts";

/** Keep-alives come each 3 s; a service that is there again says so. */
const SILENCE_MS = 10_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Without any answer. */
const GIVE_UP_MS = 300_000;

/** @throws DspexError `not_found` for a run that there is not; `unavailable` when nobody answers any more. */
export async function* followRun(
  { api, user, isClosed }: Pick<PipelineHost, "api" | "user" | "isClosed">,
  run: string,
  after = 0,
): AsyncGenerator<RunEventAnswer> {
  let last = after;
  let failures = 0;
  let troubleSinceMs = 0;
  let restarted = Promise.withResolvers<"restarted">();
  using _ = api.listen(liveRunSubject(user, run), (word) => {
    if ((word as { status?: string } | undefined)?.status === "running") restarted.resolve("restarted");
  });
  for (;;) {
    restarted = Promise.withResolvers();
    const body = { run, ...(last > 0 && { after: last }) };
    const answer = api.pieces({
      verb: "pipeline.events",
      body,
      silenceMs: SILENCE_MS,
      endsOnReconnect: true,
    });
    try {
      for (;;) {
        const next = await Promise.race([answer.next(), restarted.promise]);
        if (next === "restarted") break;
        const { value, done } = next;
        failures = 0;
        // `false`: that was all there will ever be.
        if (done && !value) return;
        if (done) break;
        const event = value.value as RunEventAnswer;
        if (event.sequence <= last) continue;
        last = event.sequence;
        yield event;
        if (event.verb === "finished") return;
      }
    } catch (thrown) {
      if (asDspexError(thrown).code !== "unavailable" || isClosed()) throw thrown;
      const nowMs = performance.now();
      if (failures++ === 0) troubleSinceMs = nowMs;
      if (nowMs - troubleSinceMs > GIVE_UP_MS) throw thrown;
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 6), LONGEST_PAUSE_MS));
    } finally {
      // It may wait for an answer that does not come, which is not waited for.
      void answer.return(false).catch(() => {});
    }
  }
}
