// Which run comes next: the highest priority first; of these the user who has least; of these who has waited longest.
// A run starts when nobody ahead of it has one of its variables, so sets that have nothing in common run at once. Pure.

import type { OptimizationsState, VariableRun } from "./state.ts";

export function running({ runs }: OptimizationsState): VariableRun[] {
  return [...runs.values()].filter(({ status }) => status === "running");
}

/** Those that wait, in the order in which they would start were all in each other's way. */
export function queueOf(state: OptimizationsState): VariableRun[] {
  const waiting = new Set([...state.runs.values()].filter(({ status }) => status === "queued"));
  /** Runs of a user that are ahead: those that run, and those that are placed already. */
  const ahead = new Map<string, number>();
  const lastStart = new Map<string, number>();
  for (const { user, status, startedSequence = 0 } of state.runs.values()) {
    if (status === "running") ahead.set(user, (ahead.get(user) ?? 0) + 1);
    lastStart.set(user, Math.max(lastStart.get(user) ?? 0, startedSequence));
  }
  const rank = ({ priority, user, queuedSequence }: VariableRun) => [
    -priority,
    ahead.get(user) ?? 0,
    lastStart.get(user) ?? 0,
    queuedSequence,
  ];
  const order: VariableRun[] = [];
  while (waiting.size > 0) {
    let next: VariableRun | undefined;
    let best: number[] = [];
    for (const run of waiting) {
      const its = rank(run);
      if (next !== undefined && compare(its, best) >= 0) continue;
      next = run;
      best = its;
    }
    if (next === undefined) break;
    waiting.delete(next);
    order.push(next);
    ahead.set(next.user, (ahead.get(next.user) ?? 0) + 1);
  }
  return order;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [n, one] of a.entries()) {
    const difference = one - (b[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The one that may start now, if any. */
export function nextToStart(state: OptimizationsState, atOnce: number): VariableRun | undefined {
  const now = running(state);
  if (now.length >= atOnce) return undefined;
  const taken = new Set(now.flatMap(({ locks }) => locks));
  for (const run of queueOf(state)) {
    if (!run.locks.some((name) => taken.has(name))) return run;
    // Who waits ahead is not overtaken by who wants the same.
    for (const name of run.locks) taken.add(name);
  }
  return undefined;
}

export interface Place {
  /** Counts from 1. */
  position: number;
  /** Runs that have, or are to have, variables of this one before it. */
  waitsFor: string[];
}

/** Of all that wait, in their order. */
export function placesOf(state: OptimizationsState): Map<string, Place> {
  const before = running(state);
  const places = new Map<string, Place>();
  for (const [at, run] of queueOf(state).entries()) {
    const wanted = new Set(run.locks);
    const inTheWay = before.filter(({ locks }) => locks.some((lock) => wanted.has(lock)));
    places.set(run.run, { position: at + 1, waitsFor: inTheWay.map((other) => other.run) });
    before.push(run);
  }
  return places;
}
