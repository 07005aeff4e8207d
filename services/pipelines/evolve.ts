// state + event → state. Changes the state in place. What was folded before is passed over, so that an event that comes
// twice changes nothing.

import { boundedError } from "../../schemas/bounded-error.ts";
import type { PipelineRegistered, PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import type { ProgramRegistered } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import type { PipelinesEvent } from "./event.ts";
import { applyStep } from "./run/apply.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import { offerSignals } from "./run/signals.ts";
import { isSmall } from "./run/size.ts";
import { newRun } from "./run/start.ts";
import { type Arrival, openKey, type Run } from "./run/state.ts";
import { compiledVersion, type EndedRun, keyOf, PIPELINES_BOUNDS, type PipelinesState } from "./state.ts";

export function evolve(state: PipelinesState, event: PipelinesEvent): PipelinesState {
  const { sequence, timeMs } = event;
  if (sequence <= state.sequence) return state;
  state.sequence = sequence;
  state.timeMs = Math.max(state.timeMs, timeMs);
  switch (event.kind) {
    case "program-registered":
      onProgram(state, event.data);
      return state;
    case "program-removed":
      state.programs.delete(event.program);
      return state;
    case "user-erased":
      for (const [ended, { user, sequence: at }] of state.ended)
        if (user === event.user && at <= event.upTo) state.ended.delete(ended);
      for (const run of state.runs.values())
        if (run.user === event.user && run.startedSequence <= event.upTo) run.isErased = true;
      return state;
    default:
      break;
  }
  const key = keyOf(event.user, event.name);
  const run = state.runs.get(key);
  if (run !== undefined && event.kind !== "result") run.last = sequence;
  const known = state.pipelines.get(key);
  if (known !== undefined && event.kind !== "result") state.pipelines.set(key, { ...known, last: sequence });
  switch (event.kind) {
    case "registered":
      onRegistered(state, key, event.data, event);
      return state;
    case "removed":
      // Runs of it hold their versions; who looks for an older one finds it in the log.
      for (const one of known?.versions ?? []) use(state, one.version, -1);
      state.pipelines.delete(key);
      return state;
    case "started": {
      if (run !== undefined) return state;
      const { definition, version } = event.data;
      if (!state.definitions.has(version)) {
        // Registered, and forgotten since: whoever started it knew it.
        if (definition === undefined) return state;
        state.definitions.set(version, { definition, uses: 0 });
      }
      use(state, version, 1);
      const compiled = compiledVersion(state, version);
      const started = newRun(event.data, compiled, event);
      for (const step of event.data.steps) applyStep(started, compiled, step, event);
      state.runs.set(key, started);
      return state;
    }
    case "progressed": {
      if (run === undefined) return state;
      const compiled = compiledVersion(state, run.version);
      for (const step of event.data.steps) applyStep(run, compiled, step, event);
      return state;
    }
    case "signalled":
      if (run !== undefined) onSignalled(run, event);
      return state;
    case "cancelled": {
      const { by, reason } = event.data;
      if (run !== undefined) run.cancel ??= { by, ...(reason !== undefined && { reason }) };
      return state;
    }
    case "finished":
      if (run !== undefined) onFinished(state, key, run, event.data, event);
      return state;
    case "result":
      if (run !== undefined) arrive(run, event.stage, event.n, arrivalOf(event.n, event.result, event));
      return state;
    case "other":
      return state;
    default:
      event satisfies never;
      return state;
  }
}

function onProgram(state: PipelinesState, { name, version, signature }: ProgramRegistered): void {
  const versions = new Map(state.programs.get(name)?.versions);
  versions.delete(version);
  versions.set(version, signature as unknown as Signature);
  while (versions.size > PIPELINES_BOUNDS.versions) versions.delete(versions.keys().next().value as string);
  state.programs.set(name, { current: version, versions });
}

interface At {
  sequence: number;
  timeMs: number;
}

function onRegistered(
  state: PipelinesState,
  key: string,
  { owner, name, by, version, definition }: PipelineRegistered,
  { sequence, timeMs }: At,
): void {
  const before = state.pipelines.get(key)?.versions ?? [];
  const isNew = !before.some((one) => one.version === version);
  if (isNew) {
    if (!state.definitions.has(version)) state.definitions.set(version, { definition, uses: 0 });
    use(state, version, 1);
  }
  const versions = [...before.filter((one) => one.version !== version), { version, by, sequence, timeMs }];
  const forgotten = versions.splice(0, Math.max(versions.length - PIPELINES_BOUNDS.versions, 0));
  for (const one of forgotten) use(state, one.version, -1);
  state.pipelines.set(key, { owner, name, versions, last: sequence });
}

function use(state: PipelinesState, version: string, change: number): void {
  const known = state.definitions.get(version);
  if (known === undefined) return;
  known.uses += change;
  if (known.uses <= 0) state.definitions.delete(version);
}

function onSignalled(
  run: Run,
  { sequence, data: { signal, key, data } }: Extract<PipelinesEvent, { kind: "signalled" }>,
): void {
  if (key !== undefined) {
    if (run.signalKeys.has(key)) return;
    run.signalKeys.set(key, true);
    if (run.signalKeys.size > RUN_BOUNDS.signalKeys) run.signalKeys.delete(run.signalKeys.first() as string);
  }
  if (run.signals.size >= RUN_BOUNDS.keptSignals || run.outcome !== undefined) return;
  run.signals.set(sequence, { signal, sequence, ...(data !== undefined && { data }) });
  offerSignals(run, signal);
}

function onFinished(state: PipelinesState, key: string, run: Run, data: PipelineResult, at: At): void {
  state.runs.delete(key);
  use(state, run.version, -1);
  const { status, error, outputs, usage } = data;
  if (run.isErased !== true) state.ended.set(key, endedRun(run, data, at));
  if (state.ended.size > PIPELINES_BOUNDS.ended)
    state.ended.delete(state.ended.keys().next().value as string);
  const { parent } = run;
  const waiting = parent === undefined ? undefined : state.runs.get(keyOf(run.user, parent.run));
  if (waiting === undefined || parent === undefined) return;
  arrive(waiting, parent.stage, parent.n, {
    n: parent.n,
    status,
    ...(outputs !== undefined && isSmall(outputs) && { outputs }),
    sequence: at.sequence,
    timeMs: at.timeMs,
    version: run.version,
    // What it spent it has told itself; here it counts for the whole.
    usage,
    ...(error !== undefined && { error: boundedError(error) }),
  });
}

function endedRun(run: Run, { status, error }: PipelineResult, { sequence, timeMs }: At): EndedRun {
  return {
    user: run.user,
    run: run.run,
    pipeline: run.pipeline,
    version: run.version,
    status,
    startedMs: run.startedMs,
    endedMs: timeMs,
    hash: run.hash,
    ...(run.parent !== undefined && { parent: run.parent }),
    ...(error !== undefined && {
      error: { code: error.code, message: error.message.slice(0, 200), retryable: error.retryable },
    }),
    sequence,
  };
}

function arrive(run: Run, stage: number, n: number, arrival: Arrival): void {
  const key = run.open.get(openKey(stage, n));
  // The first counts; what nobody waits for any more is passed over.
  if (key !== undefined && !run.arrived.has(key)) run.arrived.set(key, arrival);
}

function arrivalOf(n: number, result: Result, { sequence, timeMs }: At): Arrival {
  const { status, outputs, error, version, implementation, attempts, usage, timings } = result;
  const { pool, modelCall } = attempts.at(-1) ?? {};
  return {
    n,
    status,
    ...(outputs !== undefined && isSmall(outputs) && { outputs }),
    sequence,
    timeMs,
    ...(error !== undefined && { error: boundedError(error) }),
    ...(version !== undefined && { version }),
    ...(implementation !== undefined && { implementation }),
    ...(pool !== undefined && { pool }),
    ...(modelCall !== undefined && { modelMs: modelCall.totalMs }),
    attempts: attempts.length,
    usage,
    timings,
  };
}
