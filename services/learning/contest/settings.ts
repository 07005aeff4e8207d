// Which settings compete with those in force. A small fixed set: what differs little cannot be told apart by any log,
// and each one more makes it harder for all to be believed.

import type { PolicySettings } from "../../../schemas/messages/policy-event.ts";
import { STANDARD_SETTINGS } from "../policy/state.ts";

const ALWAYS: readonly PolicySettings[] = [
  STANDARD_SETTINGS,
  { name: "bolder", rule: "thompson", temper: 1, floor: 0.05 },
  { name: "calmer", rule: "thompson", temper: 0.25, floor: 0.05 },
  { name: "declared-order", rule: "declared-order", temper: 0.5, floor: 0 },
];

/** The set, and what was in force before, without what is in force. */
export function challengersOf(
  champion: PolicySettings,
  former: PolicySettings | undefined,
): PolicySettings[] {
  const all =
    former === undefined || ALWAYS.some((one) => isSame(one, former)) ? ALWAYS : [...ALWAYS, former];
  return all.filter((one) => !isSame(one, champion));
}

/** Whatever their names. */
export function isSame(a: PolicySettings, b: PolicySettings): boolean {
  return a.rule === b.rule && a.temper === b.temper && a.floor === b.floor;
}

/**
 * Whether other settings can be judged on what it logs. What explores nothing is not promoted by itself: nothing could
 * show afterwards that it was a mistake.
 */
export function keepsExploring({ rule, floor }: PolicySettings): boolean {
  return rule === "uniform" || (rule === "thompson" && floor > 0);
}
