// state + event → state, for searches for better values. Changes the state in place.

import type { OptimizationTrialFinished } from "../../../schemas/messages/optimization-event.ts";
import type { OptimizationEvent } from "./event.ts";
import { type OptimizationsState, RUNS_KEPT, type VariableRun } from "./state.ts";

export function evolveOptimizations(state: OptimizationsState, event: OptimizationEvent): OptimizationsState {
  const run = state.runs.get(event.data.run);
  switch (event.verb) {
    case "queued": {
      if (run !== undefined) return state;
      const { job: _job, ...told } = event.data;
      state.runs.set(told.run, {
        ...told,
        status: "queued",
        queuedSequence: event.sequence,
        queuedMs: event.timeMs,
        tried: 0,
        infeasible: 0,
        calls: 0,
      });
      return state;
    }
    case "started": {
      if (run?.status !== "queued") return state;
      const { base, leaseMs } = event.data;
      Object.assign(run, {
        status: "running",
        startedSequence: event.sequence,
        startedMs: event.timeMs,
        leaseEndsMs: event.timeMs + leaseMs,
        base,
      });
      return state;
    }
    case "trial-finished":
      if (run?.status === "running") trialFinished(run, event.data);
      return state;
    case "answered":
      if (run?.status !== "running" || run.user !== event.data.user) return state;
      if (event.data.isCheck) run.checked ??= event.sequence;
      else run.answered ??= event.sequence;
      return state;
    case "set": {
      const { sequence, timeMs, data } = event;
      // Requests that came later have shown that they are worse.
      if (run?.status === "finished" && run.ended?.applied === true) {
        const { reason: why } = data;
        run.rolledBack = sequence;
        run.ended = { ...run.ended, applied: false, rolledBack: true, ...(why !== undefined && { why }) };
      }
      if (run?.status !== "running") return state;
      if (run.applied === undefined) {
        run.applied = { sequence, versions: data.versions };
        // What is measured now takes its time, too.
        run.leaseEndsMs = timeMs + leaseOf(run);
      } else run.rolledBack ??= sequence;
      return state;
    }
    case "finished": {
      if (run === undefined) return state;
      const { report, applied, rolledBack, check, why } = event.data;
      run.ended = {
        report,
        applied,
        rolledBack,
        ...(check !== undefined && { check }),
        ...(why !== undefined && { why }),
      };
      return end(state, run, "finished");
    }
    case "failed":
      if (run === undefined) return state;
      run.error = event.data.error;
      return end(state, run, "failed");
    case "cancelled":
      return run === undefined ? state : end(state, run, "cancelled");
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

function trialFinished(run: VariableRun, trial: OptimizationTrialFinished): void {
  const { step, score, objectives = {}, params, pruned, failure } = trial;
  run.calls = Number(trial.spent.calls ?? run.calls);
  if (step === "base") run.baseline = objectives;
  if (step !== "candidate") return;
  if (trial.infeasible === true) {
    run.infeasible++;
    return;
  }
  run.tried++;
  const isWhole = pruned !== true && failure === undefined;
  if (isWhole && (run.best === undefined || score > run.best.score))
    run.best = { trial: trial.trial, score, values: params, objectives };
}

function leaseOf({ startedMs = 0, leaseEndsMs = 0 }: VariableRun): number {
  return leaseEndsMs - startedMs;
}

function end(
  state: OptimizationsState,
  run: VariableRun,
  status: "finished" | "failed" | "cancelled",
): OptimizationsState {
  if (run.status !== "queued" && run.status !== "running") return state;
  run.status = status;
  let over = [...state.runs.values()].filter(({ status }) => status !== "queued" && status !== "running");
  if (over.length > RUNS_KEPT) {
    over = over.slice(0, over.length - RUNS_KEPT);
    for (const { run: name } of over) state.runs.delete(name);
  }
  return state;
}
