// What happened to a request, in order, each step with its reason. Pure.

import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import type { Explanation } from "../../../schemas/messages/explanation.ts";
import type { Attempt, Decision } from "../../../schemas/messages/parts.ts";
import type { ProgramFeedback } from "../../../schemas/messages/program-event.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { RequestStory } from "./story.ts";
import { decimal, rfc3339, span } from "./wording.ts";

type ExplainedEvent = Explanation["events"][number];
type Step = NonNullable<ExplainedEvent["step"]>;

/** What an event is without the times. */
type Happening = Omit<ExplainedEvent, "time" | "afterMs" | "sequence">;

export function eventsOf(story: RequestStory): ExplainedEvent[] {
  const at = (timeMs: number, sequence: number | undefined, happening: Happening): ExplainedEvent => ({
    ...happening,
    ...(sequence !== undefined && { sequence }),
    time: rfc3339(timeMs),
    afterMs: Math.max(0, timeMs - story.timeMs),
  });
  const { result, failures } = story;
  const ordered: { key: number; event: ExplainedEvent }[] = [];
  const add = (key: number, event: ExplainedEvent) => ordered.push({ key, event });

  add(
    story.sequence,
    at(story.timeMs, story.sequence, { kind: "request", text: `asked of ${story.program}` }),
  );
  for (const { sequence, timeMs, data } of story.work) {
    const { attempt, implementation, decision } = data;
    add(sequence, at(timeMs, sequence, started({ attempt, implementation }, decision)));
  }
  for (const { sequence, timeMs, data } of failures) {
    // Attempts inside the router have no work message: they began just before they failed.
    if (!wasSent(story, data.attempt))
      add(sequence - 0.5, at(Date.parse(data.startedAt), undefined, started(data, data.decision)));
    add(sequence, at(timeMs, sequence, failed(data)));
  }
  if (result !== undefined) {
    const { sequence, timeMs, data } = result;
    const last = data.attempts.at(-1);
    if (last !== undefined && last.error === undefined && !wasSent(story, last.attempt))
      add(sequence - 0.5, at(Date.parse(last.startedAt), undefined, started(last, data.decision)));
    add(sequence, at(timeMs, sequence, ended(data)));
  }
  for (const { sequence, timeMs, data } of story.feedback) add(sequence, at(timeMs, sequence, judged(data)));
  return ordered.sort((a, b) => a.key - b.key).map(({ event }) => event);
}

function wasSent({ work }: RequestStory, attempt: number): boolean {
  return work.some(({ data }) => data.attempt === attempt);
}

type Started = Pick<Attempt, "attempt" | "implementation"> & Partial<Pick<Attempt, "pool" | "worker">>;

function started(
  { attempt, implementation, pool, worker }: Started,
  decision: Decision | undefined,
): Happening {
  const features = decision?.features ?? {};
  const step = stepOf(attempt, features);
  return {
    kind: "attempt",
    attempt,
    implementation,
    ...(pool !== undefined && { pool }),
    ...(worker !== undefined && { worker }),
    step,
    text: `${stepText(step, features)} ${implementation}`,
  };
}

function stepOf(attempt: number, { step }: Decision["features"]): Step {
  if (step === "retry" || step === "fallback" || step === "hedge") return step;
  return attempt === 1 ? "first" : "fallback";
}

function stepText(step: Step, { after, afterMs }: Decision["features"]): string {
  const because = typeof after === "string" ? ` after ${after}` : "";
  switch (step) {
    case "retry":
      return `tried again${because}:`;
    case "fallback":
      return `fell back${because} to`;
    case "hedge":
      return `started beside the first, which took longer than it usually does${typeof afterMs === "number" ? ` (${span(afterMs)})` : ""}:`;
    default:
      return "went to";
  }
}

function failed({
  attempt,
  implementation,
  pool,
  worker,
  error,
  durationMs,
  usage,
}: AttemptFailed): Happening {
  return {
    kind: "failed",
    attempt,
    implementation,
    pool,
    worker,
    durationMs,
    error,
    ...(usage !== undefined && { usage }),
    text: `${implementation} failed after ${span(durationMs)}: ${error.code}: ${error.message}`,
  };
}

function ended({ status, implementation, error, attempts, usage, timings }: Result): Happening {
  const last = attempts.at(-1);
  const answered = status === "succeeded" ? last : undefined;
  return {
    kind: "result",
    ...(implementation !== undefined && { implementation }),
    ...(answered?.pool !== undefined && { pool: answered.pool }),
    ...(answered?.worker !== undefined && { worker: answered.worker }),
    ...(answered !== undefined && { attempt: answered.attempt, durationMs: answered.durationMs }),
    ...(answered?.modelCall !== undefined && { modelCall: answered.modelCall }),
    ...(error !== undefined && { error }),
    usage,
    text:
      status === "succeeded"
        ? `${implementation ?? "it"} answered, ${span(timings.totalMs)} after the request`
        : `${status}: ${error?.code ?? "unknown"}: ${error?.message ?? ""}`,
  };
}

function judged({ score, metric, comment, user }: ProgramFeedback): Happening {
  const by = metric === undefined ? user : `${user}, ${metric}`;
  return {
    kind: "feedback",
    score,
    ...(metric !== undefined && { metric }),
    text: `scored ${decimal(score)} by ${by}${comment === undefined ? "" : `: ${comment}`}`,
  };
}
