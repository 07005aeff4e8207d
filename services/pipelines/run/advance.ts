// What follows for a run from what has come: results, signals, time. One event tells all that can go on at once, in the
// order in which it does. Pure; time is an input.
//
//   cancelled? ▸ due ▸ arrived ▸ complete frames ▸ ready stages ▸ stages that wait for a slot       until nothing moves

import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import { type Compiled, graphAt, stageAt } from "../definition/compiled.ts";
import { runOutputs } from "./call-inputs.ts";
import { errorOf, fail, spentOf, stepError, wire, wireOf } from "./fail-stage.ts";
import { goOn, onDue } from "./go-on.ts";
import { MissingValues, type Need } from "./needs.ts";
import { startStage } from "./start-stage.ts";
import { type Arrival, type Frame, type Instance, type Run, stageOfKey } from "./state.ts";
import { type AdvanceInput, Trial } from "./trial.ts";

export interface Advanced {
  steps: PipelineStep[];
  /** The run as it is after them. */
  draft: Run;
  /** To be read before anything can go on. */
  needs: Need[];
  /** More can go on than one event holds. */
  more: boolean;
}

export function advance(run: Run, compiled: Compiled, input: AdvanceInput): Advanced {
  const trial = new Trial(run, compiled, input);
  const done = (more: boolean, needs: Need[] = []): Advanced => ({
    steps: trial.steps,
    draft: trial.run,
    needs,
    more,
  });
  try {
    if (trial.run.outcome === undefined) cancelOrDue(trial);
    refuse(trial);
    while (!trial.isFull && next(trial));
    return done(trial.isFull);
  } catch (error) {
    if (!(error instanceof MissingValues)) throw error;
    // What has been decided so far stands by itself.
    return trial.steps.length > 0 ? done(true) : done(false, error.needs);
  }
}

/** One thing that can go on; false = there is none. */
function next(trial: Trial): boolean {
  const { run } = trial;
  const arrived = run.arrived.first();
  if (arrived !== undefined) return onArrival(trial, arrived);
  if (run.outcome !== undefined) return compensate(trial);
  const complete = run.complete.first();
  if (complete !== undefined) return onComplete(trial, complete);
  const ready = run.ready.first();
  if (ready !== undefined) return onReady(trial, ready);
  if (trial.hasNoSlot) return false;
  const again = trial.waiting.shift();
  if (again !== undefined) return onDue(trial, again);
  const queued = run.queued.first();
  return queued !== undefined && onReady(trial, queued);
}

function onReady(trial: Trial, key: string): true {
  const one = stageAt(trial.compiled, stageOfKey(key));
  const instance = trial.run.instances.get(key);
  return instance === undefined ? startStage(trial, one, key, undefined) : goOn(trial, one, key, instance);
}

function cancelOrDue(trial: Trial): void {
  const { cancel, due, deadlineAtMs, startedMs } = trial.run;
  const { nowMs } = trial.input;
  if (cancel !== undefined) {
    const why = cancel.reason === undefined ? "" : `: ${cancel.reason}`;
    const error = wire("cancelled", `cancelled by ${cancel.by}${why}`);
    trial.step({ kind: "ended", status: "cancelled", error });
    return;
  }
  for (const key of trial.input.due) {
    if (trial.isFull) return;
    if ((due.get(key) ?? Number.POSITIVE_INFINITY) > nowMs) continue;
    if (key !== "") onDue(trial, key);
    else if (deadlineAtMs <= nowMs) {
      const error = wire("deadline_exceeded", `not finished in ${deadlineAtMs - startedMs} ms`);
      trial.step({ kind: "ended", status: "failed", error });
      return;
    }
  }
}

/** What could not be asked for has failed. */
function refuse(trial: Trial): void {
  for (const [key, { n, error }] of trial.input.refused ?? []) {
    const instance = trial.run.instances.get(key);
    if (instance === undefined || trial.run.arrived.has(key) || trial.isFull) continue;
    const one = stageAt(trial.compiled, instance.stage);
    if (instance.undoing === n)
      trial.step({
        kind: "compensated",
        ...trial.where(one, key),
        n,
        durationMs: 0,
        error: stepError(error),
      });
    else if (instance.status === "running" && instance.n === n) fail(trial, one, key, instance, error);
  }
}

function onArrival(trial: Trial, key: string): true {
  const arrival = trial.run.arrived.get(key) as Arrival;
  const instance = trial.run.instances.get(key) as Instance;
  const one = stageAt(trial.compiled, instance.stage);
  const { n, sequence, status, timeMs } = arrival;
  if (instance.undoing === n) {
    return trial.step({
      kind: "compensated",
      ...trial.where(one, key),
      n,
      durationMs: Math.max(timeMs - (instance.endedMs ?? timeMs), 0),
      sequence,
      ...(status !== "succeeded" && { error: stepError(errorOf(arrival)) }),
    });
  }
  if (status !== "succeeded") return fail(trial, one, key, instance, errorOf(arrival), { arrival });
  return trial.step({
    kind: "finished",
    ...trial.where(one, key),
    n,
    ...(arrival.outputs !== undefined && { outputs: arrival.outputs }),
    sequence,
    durationMs: Math.max(timeMs - instance.startedMs, 0),
    ...spentOf(arrival),
    ...(arrival.version !== undefined && { version: arrival.version }),
    ...(arrival.attempts !== undefined && { attempts: arrival.attempts }),
  });
}

function onComplete(trial: Trial, path: string): true {
  const frame = trial.run.frames.get(path) as Frame;
  if (path === "") return endRun(trial, frame);
  const { owner } = graphAt(trial.compiled, frame.graph);
  return trial.step({
    kind: "left",
    stage: owner as number,
    path,
    ...(frame.error !== undefined && { error: stepError(frame.error) }),
  });
}

function endRun(trial: Trial, { error, failedStage }: Frame): true {
  if (error !== undefined)
    return trial.step({
      kind: "ended",
      status: "failed",
      error: stepError(error),
      ...(failedStage !== undefined && { stage: failedStage }),
    });
  try {
    runOutputs(trial.compiled, trial.evaluator);
  } catch (thrown) {
    if (thrown instanceof MissingValues) throw thrown;
    return trial.step({ kind: "ended", status: "failed", error: wireOf(thrown) });
  }
  return trial.step({ kind: "ended", status: "succeeded" });
}

function compensate(trial: Trial): boolean {
  const run = trial.run;
  if (run.outcome?.status === "succeeded" || run.undo.size === 0 || run.open.size > 0) return false;
  const key = run.undo.get(run.undo.size) as string;
  const instance = run.instances.get(key) as Instance;
  const one = stageAt(trial.compiled, instance.stage);
  const what = { ...trial.where(one, key), n: trial.nextN(one) };
  try {
    trial.evaluator.values(one.undo ?? [], instance.path);
  } catch (thrown) {
    if (thrown instanceof MissingValues) throw thrown;
    // What it would be asked with is not there: that one stays, the others are taken back all the same.
    return trial.step({ kind: "compensated", ...what, durationMs: 0, error: stepError(wireOf(thrown)) });
  }
  return trial.step({ kind: "compensating", ...what });
}
