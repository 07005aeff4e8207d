// What an event does to the optimisations. Changes the map in place.

import type {
  OptimizationCancelled,
  OptimizationFailed,
  OptimizationFinished,
  OptimizationStarted,
  OptimizationTrialFinished,
} from "../../../schemas/messages/optimization-event.ts";
import { type OptimizationRun, RUNS_KEPT } from "./state.ts";

export type OptimizationEvent =
  | { kind: "optimization-started"; sequence: number; timeMs: number; data: OptimizationStarted }
  | { kind: "optimization-trial"; sequence: number; timeMs: number; data: OptimizationTrialFinished }
  | { kind: "optimization-finished"; sequence: number; timeMs: number; data: OptimizationFinished }
  | { kind: "optimization-failed"; sequence: number; timeMs: number; data: OptimizationFailed }
  | { kind: "optimization-cancelled"; sequence: number; timeMs: number; data: OptimizationCancelled }
  /** The result of the run's request. */
  | { kind: "optimization-answered"; sequence: number; timeMs: number; data: { run: string; user: string } };

export function evolveOptimizations(runs: Map<string, OptimizationRun>, event: OptimizationEvent): void {
  const run = runs.get(event.data.run);
  switch (event.kind) {
    case "optimization-started": {
      if (run !== undefined) return;
      runs.set(event.data.run, {
        ...event.data,
        startedMs: event.timeMs,
        status: "running",
        tried: 0,
        calls: 0,
      });
      forgetEnded(runs);
      return;
    }
    case "optimization-trial": {
      if (run === undefined) return;
      const { step, score, trial, pruned, spent } = event.data;
      run.calls = Number(spent.calls ?? run.calls);
      if (step === "base") run.base = score;
      if (step !== "candidate") return;
      run.tried++;
      if (pruned !== true && (run.best === undefined || score > run.best.score)) run.best = { trial, score };
      return;
    }
    case "optimization-answered":
      if (run?.user === event.data.user) run.answered = event.sequence;
      return;
    case "optimization-finished": {
      if (run === undefined) return;
      const { report, version } = event.data;
      Object.assign(run, {
        status: "finished",
        report,
        ...(version !== undefined && { published: version }),
      });
      return;
    }
    case "optimization-failed":
      if (run !== undefined) Object.assign(run, { status: "failed", error: event.data.error });
      return;
    case "optimization-cancelled":
      if (run !== undefined) run.status = "cancelled";
      return;
    default: {
      const unknown: never = event;
      void unknown;
    }
  }
}

/** What runs is not forgotten: its result is still to be settled. */
function forgetEnded(runs: Map<string, OptimizationRun>): void {
  for (const [name, { status }] of runs) {
    if (runs.size <= RUNS_KEPT) return;
    if (status !== "running") runs.delete(name);
  }
}
