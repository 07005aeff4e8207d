// What follows when a stage fails: another try, something in its place, or the end of its graph. Pure.

import { boundedError } from "../../../schemas/bounded-error.ts";
import type { ErrorCode } from "../../../schemas/error-codes.ts";
import { asDspexError, type WireError } from "../../../schemas/errors.ts";
import type { CompiledStage } from "../definition/compiled.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { retryDelay } from "./retry.ts";
import type { Arrival, Instance, StepOf } from "./state.ts";
import type { Trial } from "./trial.ts";

export function fail(
  trial: Trial,
  one: CompiledStage,
  key: string,
  instance: Instance | undefined,
  error: WireError,
  { arrival, signal }: { arrival?: Arrival; signal?: number } = {},
): true {
  const { stage, index } = one;
  const run = trial.run;
  // What stood in has failed itself, or a stage could not even be asked for.
  const n = instance === undefined || instance.status === "backoff" ? trial.nextN(one) : instance.n;
  const starts = instance?.starts ?? 1;
  const { onFailure = "fail" } = stage;
  const isFirst = instance?.fallback === undefined;
  const seed = `${run.user}.${run.run}_${index}_${n}`;
  const retryMs = isFirst ? retryDelay(stage.retry, starts, error, seed) : undefined;
  const next =
    retryMs !== undefined
      ? "retry"
      : !isFirst
        ? "fail"
        : typeof onFailure === "string"
          ? onFailure
          : "value" in onFailure
            ? "value"
            : "fallback";
  const { nowMs } = trial.input;
  return trial.step({
    kind: "failed",
    ...trial.where(one, key),
    n,
    error: stepError(error),
    durationMs: Math.max((arrival?.timeMs ?? nowMs) - (instance?.startedMs ?? nowMs), 0),
    next,
    ...(retryMs !== undefined && { retryMs }),
    ...(arrival !== undefined && spentOf(arrival)),
    ...(signal !== undefined && { sequence: signal }),
  });
}

/** As an event tells it. */
export function stepError(error: WireError): StepOf<"failed">["error"] {
  return boundedError(error) as StepOf<"failed">["error"];
}

/** What a request told of itself. */
export function spentOf({ implementation, pool, usage, timings, modelMs }: Arrival) {
  return {
    ...(implementation !== undefined && { implementation }),
    ...(pool !== undefined && { pool }),
    ...(usage !== undefined && { usage }),
    ...(timings !== undefined && { timings }),
    ...(modelMs !== undefined && { modelMs }),
  };
}

export function errorOf({ error, status }: Arrival): WireError {
  return error ?? wire(status === "cancelled" ? "cancelled" : "internal", `it ${status}`);
}

export function wire(code: ErrorCode, message: string): WireError {
  return { code, message, retryable: false };
}

/** A map of maps of nothing but values asks for nothing and is without end all the same. */
export function noPlace({ run }: Trial): WireError {
  const why = `run ${run.run} has more than ${RUN_BOUNDS.places} stages and bodies`;
  return wire("budget_exceeded", why);
}

export function wireOf(error: unknown): WireError {
  return boundedError(asDspexError(error).toWire());
}
