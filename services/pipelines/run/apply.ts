// run + step → run: what each thing that a decision changed means for what can go on. Nothing is evaluated and nothing
// is chosen here: events are facts. Changes the run in place, its records by replacing them.

import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { Compiled } from "../definition/compiled.ts";
import { applyEntered, applyLeft } from "./apply-body.ts";
import { applyCompensated, applyCompensating, applyEnded } from "./apply-end.ts";
import { applyFailed, applyFinished, applySkipped, applyStarted } from "./apply-stage.ts";
import { dropFrame, enterFrame } from "./frames.ts";
import type { At, Run } from "./state.ts";

/** The frame of the pipeline's own graph. */
export function enterRoot(run: Run, compiled: Compiled): void {
  enterFrame(run, compiled, { path: "", graph: 0, place: "fallback" });
  run.due.set("", run.deadlineAtMs);
}

export function applyStep(run: Run, compiled: Compiled, step: PipelineStep, at: At): void {
  switch (step.kind) {
    case "started":
      applyStarted(run, compiled, step, at);
      return;
    case "finished":
      applyFinished(run, compiled, step, at);
      return;
    case "failed":
      applyFailed(run, compiled, step, at);
      return;
    case "skipped":
      applySkipped(run, compiled, step, at);
      return;
    case "entered":
      applyEntered(run, compiled, step);
      return;
    case "left":
      applyLeft(run, compiled, step);
      return;
    case "dropped":
      dropFrame(run, compiled, step.path);
      return;
    case "compensating":
      applyCompensating(run, step);
      return;
    case "compensated":
      applyCompensated(run, step);
      return;
    case "ended":
      applyEnded(run, compiled, step, at);
      return;
    default:
      // A later version's step: the run goes on without it.
      step satisfies never;
  }
}
