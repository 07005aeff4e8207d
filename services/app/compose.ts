// Starts parts in the order of what they need, side by side where they can, and stops them the other way round.
// Knows nothing of what the parts are.

import type { Part } from "../bus/part.ts";

export interface PartPlan<Name extends string> {
  name: Name;
  /** Parts that must be there before; those that are not in the plan run elsewhere. */
  after: readonly Name[];
  start(): Promise<Part>;
}

export interface Composition<Name extends string> {
  /** By name, as each has started. */
  readonly parts: ReadonlyMap<Name, Part>;
  /** Stops what has started; each part has `timeoutMs` to finish what it took. */
  stop(timeoutMs: number): Promise<void>;
}

export interface ComposeListener<Name extends string> {
  onStarted(name: Name, tookMs: number): void;
  /** A part did not stop in time or failed to; the others go on stopping. */
  onStopFailed(name: Name, error: unknown): void;
}

/** @throws what the first failing part throws, after the others were stopped again. */
export async function startAll<Name extends string>(
  plans: readonly PartPlan<Name>[],
  listener: ComposeListener<Name>,
): Promise<Composition<Name>> {
  const parts = new Map<Name, Part>();
  const starting = new Map<Name, Promise<void>>();
  const start = (plan: PartPlan<Name>): Promise<void> => {
    const known = starting.get(plan.name);
    if (known !== undefined) return known;
    const needed = plans.filter(({ name }) => plan.after.includes(name));
    const begun = performance.now();
    const started = Promise.all(needed.map(start)).then(async () => {
      parts.set(plan.name, await plan.start());
      listener.onStarted(plan.name, performance.now() - begun);
    });
    starting.set(plan.name, started);
    return started;
  };
  const composition: Composition<Name> = {
    parts,
    stop: (timeoutMs) => stopAll(plans, parts, listener, timeoutMs),
  };
  const outcomes = await Promise.allSettled(plans.map(start));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return composition;
  await composition.stop(FAILED_START_STOP_MS);
  throw failed.reason;
}

const FAILED_START_STOP_MS = 2_000;

async function stopAll<Name extends string>(
  plans: readonly PartPlan<Name>[],
  parts: Map<Name, Part>,
  listener: ComposeListener<Name>,
  timeoutMs: number,
): Promise<void> {
  const stopping = new Map<Name, Promise<void>>();
  const stop = (plan: PartPlan<Name>): Promise<void> => {
    const known = stopping.get(plan.name);
    if (known !== undefined) return known;
    const dependents = plans.filter(({ after }) => after.includes(plan.name));
    const stopped = Promise.all(dependents.map(stop)).then(async () => {
      const part = parts.get(plan.name);
      if (part === undefined) return;
      await withTimeout(part.stop(), timeoutMs).catch((error) => listener.onStopFailed(plan.name, error));
      parts.delete(plan.name);
    });
    stopping.set(plan.name, stopped);
    return stopped;
  };
  await Promise.all(plans.map(stop));
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`not stopped within ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}
