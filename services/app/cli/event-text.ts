// Pure: one event of the log as a sentence for a person.

import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { kindName, type LogEvent } from "./log-event.ts";

interface WireErrorLike {
  code?: string;
  message?: string;
}
interface DecisionLike {
  stateSequence?: number;
  candidates?: { implementation: string; score: number; eligible: boolean }[];
}
interface PlanStepLike {
  step: string;
  implementation: string;
  delayMs: number;
}

/** What happened, after the event's kind. */
export function eventText(event: LogEvent): string {
  if (event.unreadable !== undefined) return `cannot be read: ${event.unreadable}`;
  const { data, kind } = event;
  switch (kind.kind) {
    case "request":
      return words(kind.program, optionsText(data), json(data.inputs));
    case "work":
      return words(
        `${kind.pool}/${kind.worker}`,
        `attempt ${data.attempt} ${data.implementation}`,
        decisionText(data.decision as DecisionLike | undefined),
      );
    case "result":
      return resultText(data);
    case "event":
      return otherText(event, kindName(kind), kind.name);
    default:
      return json(data);
  }
}

function otherText({ data }: LogEvent, name: string, entity: string | undefined): string {
  switch (name) {
    case "attempt.failed":
      return words(
        `attempt ${data.attempt} ${data.implementation} on ${data.pool}/${data.worker}`,
        errorText(data.error),
        planText(data.plan as PlanStepLike[] | undefined),
      );
    case "request.refused":
      return errorText(data.error);
    case "request.conflicted":
      return `the same id with another body, at #${data.requestSequence}, is not run`;
    case "request.superseded":
      return `attempt ${data.attempt} on ${data.pool}/${data.worker} finished after another had answered`;
    case "request.dead-lettered":
      return words(
        `${data.subject} #${data.sequence} after ${data.deliveries} deliveries`,
        errorText(data.error),
      );
    case "request.cancel-requested":
      return words(typeof data.reason === "string" ? data.reason : "");
    case "worker.started":
      return words(workerText(data), `${data.slots} slots`);
    case "worker.stopped":
      return words(workerText(data), String(data.reason));
    case "worker.lost": {
      const gaveBack = (data.gaveBack as number[] | undefined) ?? [];
      const given = gaveBack.length === 0 ? "" : `gave back ${gaveBack.map((n) => `#${n}`).join(", ")}`;
      return words(workerText(data), endText(data), given);
    }
    case "worker.found":
      return words(workerText(data), "beats again");
    case "program.registered":
      return words(entity ?? "", `version ${data.version}`, `by ${data.by}`);
    case "program.version-published":
      return words(entity ?? "", `version ${versionIn(data)} of ${data.parent}`, `by run ${data.run}`);
    case "program.canary-started": {
      const share = `${Math.round(Number(data.share) * 1_000) / 10} % of the requests`;
      return words(entity ?? "", `version ${versionIn(data)} beside ${data.base}`, share, `by ${data.by}`);
    }
    case "program.promoted":
    case "program.rolled-back":
    case "program.withdrawn": {
      const reason = typeof data.reason === "string" ? data.reason : "";
      return words(entity ?? "", `version ${data.version}`, `by ${data.by}`, reason);
    }
    case "program.feedback":
      return words(`${data.score}`, typeof data.comment === "string" ? data.comment : "");
    default:
      return words(entity ?? "", json(data));
  }
}

function resultText(data: Record<string, unknown>): string {
  const totalMs = (data.timings as { totalMs?: number } | undefined)?.totalMs;
  return words(
    String(data.status),
    data.status === "succeeded" ? json(data.outputs) : errorText(data.error),
    totalMs === undefined ? "" : `${Math.round(totalMs)} ms`,
    typeof data.fallbackReason === "string" ? `fallback: ${data.fallbackReason}` : "",
  );
}

function optionsText(data: Record<string, unknown>): string {
  const { id: _id, inputs: _inputs, ...options } = data;
  return Object.entries(options)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : json(value)}`)
    .join(" ");
}

function decisionText(decision: DecisionLike | undefined): string {
  const candidates = (decision?.candidates ?? []).filter(({ eligible }) => eligible);
  if (candidates.length < 2) return "";
  const scores = candidates.map(({ implementation, score }) => `${implementation} ${score.toFixed(2)}`);
  return `chosen of ${scores.join(", ")}`;
}

function planText(plan: PlanStepLike[] | undefined): string {
  const [next] = plan ?? [];
  if (next === undefined) return "nothing left to try";
  return `next: ${next.step} ${next.implementation}${next.delayMs > 0 ? ` in ${next.delayMs} ms` : ""}`;
}

function errorText(error: unknown): string {
  const { code, message } = (error ?? {}) as WireErrorLike;
  return `${code ?? "error"}: ${message ?? ""}`;
}

function versionIn({ definition }: Record<string, unknown>): string {
  return String((definition as { version?: string } | undefined)?.version);
}

/** How a lost worker ended; a router that tells of one has only heard nothing. */
function endText({ signal, exitCode }: Record<string, unknown>): string {
  if (signal === undefined && exitCode === undefined) return "no beat";
  return typeof signal === "string" ? signal : `exit code ${exitCode ?? "unknown"}`;
}

function workerText(data: Record<string, unknown>): string {
  return `${data.pool}/${data.worker}`;
}

function json(value: unknown): string {
  return value === undefined ? "" : stringifyJson(value);
}

function words(...parts: string[]): string {
  return parts.filter((part) => part !== "").join("  ");
}
