// A child run as its parent starts it: with what holds for the parent, and the time that is left to it. Pure.

import type { PipelineDefinition } from "../../schemas/messages/pipeline-definition.ts";
import type { StartCommand } from "./decide.ts";
import type { OutgoingChild } from "./run/outgoing.ts";
import type { Run } from "./run/state.ts";

export function childCommand(
  run: Run,
  { run: child, pipeline, version, inputs, parent }: OutgoingChild,
  { owner, definition, nowMs }: { owner: string; definition: PipelineDefinition; nowMs: number },
): StartCommand {
  const { priority, prefer, variables, stream } = run.options;
  const leftMs = Math.max(run.deadlineAtMs - nowMs, 1);
  const options = {
    priority,
    prefer,
    variables,
    stream,
    // What it says itself holds, where its parent lets it.
    deadlineMs: Math.min(definition.deadlineMs ?? leftMs, leftMs),
  };
  return {
    run: child,
    user: run.user,
    pipeline,
    owner,
    version,
    inputs,
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    parent,
    depth: run.depth + 1,
    ...(run.traceparent !== undefined && { traceparent: run.traceparent }),
  };
}
