// A service's newest snapshot as a replay uses it: to compare with, or to begin from.

import { Appender } from "../../bus/append.ts";
import { ObjectBucket } from "../../log/objects.ts";
import { loadSnapshot, type Snapshot } from "../../log/snapshot.ts";
import { type RouterState, stateFromJson } from "../../router/state.ts";
import { FOLDED_SERVICES, type FoldedServiceName } from "./folds.ts";
import type { OperatorLog } from "./operator-log.ts";
import type { Window } from "./replay-points.ts";

/** Undefined where there is none by this evolve, or where it is not what its hash says. */
export async function newestSnapshot(
  log: OperatorLog,
  service: FoldedServiceName,
): Promise<Snapshot | undefined> {
  const { bucket, version } = FOLDED_SERVICES[service];
  const appender = new Appender(log.connection, "_INBOX_operator.replay");
  try {
    return await loadSnapshot(await ObjectBucket.open(log.connection, appender, bucket), version);
  } finally {
    appender.close();
  }
}

/**
 * The router's state to begin a walk from, where the log's head is cut, or where it spares folding all that lies before
 * the window; undefined = fold from the beginning, which trusts nothing.
 * @param stateSequences of the decisions that are asked for.
 */
export async function stateBefore(
  log: OperatorLog,
  { head, from }: Window,
  stateSequences: readonly number[],
): Promise<RouterState | undefined> {
  if (head === 1 && from === 1) return undefined;
  const snapshot = await newestSnapshot(log, "router");
  // What lies between an older one and the head is gone.
  if (snapshot === undefined || snapshot.sequence < head - 1) return undefined;
  // `Math.min` takes no million arguments.
  const first = stateSequences.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  return head > 1 || snapshot.sequence <= first ? stateFromJson(snapshot.state) : undefined;
}
