// A run as its `started` event makes it. Pure.

import {
  DEFAULT_RUN_CONCURRENCY,
  DEFAULT_RUN_DEADLINE_MS,
} from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineStarted } from "../../../schemas/messages/pipeline-event.ts";
import type { Compiled } from "../definition/compiled.ts";
import { enterRoot } from "./apply.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { sizeOf } from "./size.ts";
import { emptyMaps, type Run } from "./state.ts";

/** Before any of its steps. */
export function newRun(
  data: PipelineStarted,
  compiled: Compiled,
  { sequence, timeMs }: { sequence: number; timeMs: number },
): Run {
  const { options = {}, inputs, owner, parent, traceparent, reuse } = data;
  const { definition } = compiled;
  const bytes = sizeOf(inputs, RUN_BOUNDS.runInlineBytes);
  const isKept = bytes <= RUN_BOUNDS.runInlineBytes;
  const run: Run = {
    run: data.run,
    user: data.user,
    pipeline: data.pipeline,
    ...(owner !== undefined && { owner }),
    version: data.version,
    options,
    hash: data.hash,
    ...(parent !== undefined && { parent }),
    depth: data.depth,
    ...(traceparent !== undefined && { traceparent }),
    startedMs: timeMs,
    startedSequence: sequence,
    deadlineAtMs: timeMs + (options.deadlineMs ?? definition.deadlineMs ?? DEFAULT_RUN_DEADLINE_MS),
    concurrency: options.concurrency ?? definition.concurrency ?? DEFAULT_RUN_CONCURRENCY,
    ...(isKept && { inputs }),
    ...(reuse !== undefined && { reuseOf: reuse.run }),
    reuse: new Map(
      reuse?.stages.map(({ key, sequence: at, version }) => [
        key,
        { sequence: at, ...(version !== undefined && { version }) },
      ]),
    ),
    last: sequence,
    inlineBytes: isKept ? bytes : 0,
    totals: {
      finished: 0,
      failed: 0,
      skipped: 0,
      cancelled: 0,
      requests: 0,
      inputTokens: 0,
      outputTokens: 0,
      costUsd: 0,
      workMs: 0,
      waitMs: 0,
      reused: 0,
    },
    starts: 0,
    ...emptyMaps(),
    pathTaken: [],
    compensated: [],
  };
  enterRoot(run, compiled);
  return run;
}
