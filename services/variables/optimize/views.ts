// What the API tells of searches for better values. Pure.

import type { OptimizationInfo } from "../../client/variables-answers.ts";
import { type Place, placesOf } from "./queue.ts";
import type { OptimizationsState, VariableRun } from "./state.ts";

/** Everything of one run, for whose it is. */
export function runAnswer(state: OptimizationsState, run: VariableRun): OptimizationInfo {
  const { baseline, best, ended, error } = run;
  return {
    ...summary(run, placesOf(state)),
    ...(baseline !== undefined && { baseline }),
    ...(best !== undefined && { best }),
    // As the pool told it; its shape was checked before anything followed from it.
    ...(ended as Partial<OptimizationInfo> | undefined),
    ...(error !== undefined && { error }),
  };
}

/** What others may know: who has which variables, and who waits for them. */
export function summary(run: VariableRun, places: ReadonlyMap<string, Place>): OptimizationInfo {
  const { run: name, user, program, variables, objectives, metric, trials, priority, status } = run;
  const { queuedMs, startedMs, leaseEndsMs, tried, infeasible, calls } = run;
  return {
    run: name,
    user,
    program,
    variables,
    objectives,
    metric,
    trials,
    priority,
    status: status === "running" && run.applied !== undefined ? "checking" : status,
    ...places.get(name),
    queuedAt: timeOf(queuedMs),
    ...(startedMs !== undefined && { startedAt: timeOf(startedMs) }),
    ...(status === "running" && leaseEndsMs !== undefined && { leaseEndsAt: timeOf(leaseEndsMs) }),
    tried,
    infeasible,
    calls,
  };
}

function timeOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
