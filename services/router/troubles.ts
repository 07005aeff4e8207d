// Implementations that are better left alone for now: what they depend on has failed too often, or their attempts do not
// come back. Pure: of a state at a time of the log.

import type { Implementation, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import { blockedForMs, isBlocked } from "./breakers/blocked.ts";
import { keysOf } from "./breakers/keys.ts";
import { isStalled } from "./load/stalled.ts";
import { runningKey } from "./load/state.ts";
import type { RouterState } from "./state.ts";

export interface Troubles {
  /** Names of those whose model or pool has failed too often → for how long they are not to be tried, ms. */
  blocked: ReadonlyMap<string, number>;
  /** Names of those that have failed too often themselves: to be tried where there is nothing else. */
  shunned: ReadonlySet<string>;
  /** Names of those whose attempts do not come back: to be tried before a last resort. */
  stalled: ReadonlySet<string>;
}

const NONE: Troubles = { blocked: new Map(), shunned: new Set(), stalled: new Set() };

export function troublesOf(state: RouterState, definition: ProgramDefinition, nowMs: number): Troubles {
  const { breakers, load } = state;
  if (breakers.byKey.size === 0 && load.running.size === 0) return NONE;
  const blocked = new Map<string, number>();
  const shunned = new Set<string>();
  const stalled = new Set<string>();
  for (const implementation of definition.implementations) {
    const { name } = implementation;
    const waitMs = blockedMs(state, definition, implementation, nowMs);
    if (waitMs > 0) blocked.set(name, waitMs);
    else if (isShunned(state, definition, implementation, nowMs)) shunned.add(name);
    const slowest = () => slowestMs(state, definition, implementation);
    if (isStalled(load, runningKey(definition.name, name), slowest, nowMs)) stalled.add(name);
  }
  return { blocked, shunned, stalled };
}

/** For how long the breakers of its model and its pool keep it shut, ms; 0 = they do not. */
export function blockedMs(
  { breakers }: RouterState,
  definition: ProgramDefinition,
  implementation: Implementation,
  nowMs: number,
): number {
  return breakers.byKey.size === 0
    ? 0
    : blockedForMs(breakers, keysOf(definition, implementation).shared, nowMs);
}

/** Its own breaker does not keep it from requests that have nothing else: whoever sends what breaks it would shut out others. */
function isShunned(
  { breakers }: RouterState,
  definition: ProgramDefinition,
  implementation: Implementation,
  nowMs: number,
): boolean {
  return breakers.byKey.size > 0 && isBlocked(breakers, keysOf(definition, implementation).own, nowMs);
}

/** Learned for the slowest kind of task: which kinds are under way is not known. */
function slowestMs(
  { policy }: RouterState,
  definition: ProgramDefinition,
  implementation: Implementation,
): number | undefined {
  const arm = armsOf(definition)[definition.implementations.indexOf(implementation)]?.key;
  let slowest: number | undefined;
  for (const { arms } of policy.programs.get(definition.name)?.strategies ?? []) {
    const p95Ms = arms.find((one) => one.arm === arm)?.p95Ms;
    if (p95Ms !== undefined) slowest = Math.max(slowest ?? 0, p95Ms);
  }
  return slowest;
}
