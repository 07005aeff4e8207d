// The events of a run as lines, one for each thing that happened: for a file, a pipe, or a terminal without redrawing. Pure.

import type { PipelineStep } from "../../../../schemas/messages/pipeline-event.ts";
import type { RunEvent } from "../../../client/mod.ts";
import { SYMBOLS } from "../../../client/pipelines/drawing/marks.ts";
import { milliseconds } from "../figures.ts";
import { type Paint, styleOf } from "./symbols.ts";

export function eventLines({ verb, data, progress }: RunEvent, paint: Paint): string[] {
  const at = paint("dim", milliseconds(progress.elapsedMs).padStart(8));
  const told =
    verb === "started" ? [`▸ ${data.pipeline} ${data.version}  run ${data.run}`] : aboutRun(verb, data);
  const steps = ((data.steps ?? []) as PipelineStep[]).flatMap((step) => stepText(step, paint));
  const texts = verb === "finished" ? [...steps, ...told] : [...told, ...steps];
  return texts.map((text) => `${at}  ${text}`);
}

function aboutRun(verb: string, data: Record<string, unknown>): string[] {
  const because = data.reason === undefined ? "" : `: ${data.reason}`;
  if (verb === "signalled") return [`✉ signal ${data.signal} by ${data.by}`];
  if (verb === "cancelled") return [`■ cancelled by ${data.by}${because}`];
  if (verb === "finished") return [`${data.status}`];
  return [];
}

function stepText(step: PipelineStep, paint: Paint): string[] {
  const at = "name" in step ? `${step.path === undefined ? "" : `${step.path}/`}${step.name}` : "";
  const marked = (status: "running" | "finished" | "failed" | "skipped" | "backoff", text: string) => [
    `${paint(styleOf(status), SYMBOLS[status])} ${at}${text}`,
  ];
  switch (step.kind) {
    case "started": {
      const again = step.n > 1 && step.path === undefined ? `  start ${step.n}` : "";
      const items = step.items === undefined ? "" : `  ${step.items} ${step.items === 1 ? "item" : "items"}`;
      return marked("running", `${again}${items}`);
    }
    case "finished": {
      const who = step.reused === undefined ? (step.implementation ?? "") : `taken over from ${step.reused}`;
      return marked("finished", `  ${milliseconds(step.durationMs)}  ${who}`.trimEnd());
    }
    case "failed": {
      const then = step.next === "retry" ? `again in ${milliseconds(step.retryMs ?? 0)}` : NEXT[step.next];
      return marked(
        step.next === "retry" ? "backoff" : "failed",
        `  ${step.error.code}: ${step.error.message}; ${then}`,
      );
    }
    case "skipped":
      return marked(
        "skipped",
        step.why === "when" ? "  skipped" : "  skipped: a stage that it needs was skipped",
      );
    case "compensated":
      return marked(
        step.error === undefined ? "finished" : "failed",
        `  undone${step.error === undefined ? "" : `: ${step.error.message}`}`,
      );
    default:
      return [];
  }
}

const NEXT = {
  fallback: "its fallback stands in",
  value: "a value stands in",
  skip: "skipped",
  fail: "the run fails",
} as const;
