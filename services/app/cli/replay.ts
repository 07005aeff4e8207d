// Takes the log through a fold once and keeps its state at each point that is asked for. Where a snapshot of the
// service lies on the way, its hash is compared: a rebuild from the beginning must arrive at the same state.

import { stateHash } from "../../log/snapshot.ts";
import { type Erased, erasedText, readErased } from "./erased.ts";
import { FOLDED_SERVICES, type Fold, type FoldedServiceName } from "./folds.ts";
import type { OperatorLog } from "./operator-log.ts";
import { ProgressBar } from "./progress-bar.ts";
import { headSequence } from "./replay-points.ts";
import { newestSnapshot } from "./replay-snapshot.ts";
import type { Terminal } from "./terminal.ts";

export interface FoldedState {
  service: string;
  /** Of the service's evolve. */
  version: string;
  sequence: number;
  hash: string;
  state: unknown;
  messages: number;
  tookMs: number;
  /**
   * The service's own snapshot, if one lies before the point and the fold began at the log's beginning. Not one that
   * knows what was erased since: the log cannot give that again.
   */
  snapshot?: { sequence: number; same: boolean };
}

/**
 * States after each of `sequences`, which must be in order.
 * @param fromSequence fold from here, from an empty state; absent = the log's beginning.
 */
export async function foldAt(
  terminal: Terminal,
  log: OperatorLog,
  service: FoldedServiceName,
  sequences: readonly number[],
  fromSequence?: number,
): Promise<FoldedState[]> {
  const { version, filters, start } = FOLDED_SERVICES[service];
  const last = sequences.at(-1) ?? 0;
  const first = await headSequence(log);
  const whole = fromSequence === undefined && first === 1;
  const erased = await readErased(log);
  const newest = whole ? await newestSnapshot(log, service) : undefined;
  const snapshot = newest !== undefined && isComparable(service, newest, erased) ? newest : undefined;
  const fold = start();
  const bar = new ProgressBar(terminal, `replay ${service}`, last);
  const startedAtMs = performance.now();
  const states: FoldedState[] = [];
  let messages = 0;
  let checked: FoldedState["snapshot"];
  let reached = 0;

  const takeUpTo = (sequence: number): void => {
    // A snapshot may lie between two messages of the fold: it covers what does not concern it, too.
    const isPast = snapshot !== undefined && snapshot.sequence < sequence && snapshot.sequence <= last;
    if (isPast && checked === undefined)
      checked = { sequence: snapshot.sequence, same: stateHash(fold.json()) === snapshot.hash };
    while (states.length < sequences.length && (sequences[states.length] ?? 0) < sequence) {
      const at = sequences[states.length] ?? 0;
      const before = checked !== undefined && checked.sequence <= at ? checked : undefined;
      states.push(
        foldedState(fold, { service, version, sequence: at, messages, startedAtMs, checked: before }),
      );
    }
  };
  await log.read({
    fromSequence: Math.max(fromSequence ?? 1, first),
    ...(filters !== undefined && { filters }),
    onMessage: (message) => {
      if (reached >= last) return;
      takeUpTo(message.sequence);
      if (message.sequence > last) {
        reached = message.sequence;
        return;
      }
      fold.apply(message);
      messages++;
      reached = message.sequence;
      bar.at(message.sequence);
    },
  });
  takeUpTo(Number.POSITIVE_INFINITY);
  bar.end();
  if (erased !== undefined && erased.first <= last)
    terminal.note(`${erasedText(erased)}: they are missing from this state`);
  if (fromSequence === undefined && first > 1) {
    terminal.note(`the log begins with #${first}: what was cut before it is missing from this state`);
  }
  return states;
}

/** The sessions service forgets with the tombstone what it knew; others keep what they have learned from it. */
function isComparable(
  service: FoldedServiceName,
  { sequence }: { sequence: number },
  erased: Erased | undefined,
): boolean {
  if (erased === undefined) return true;
  return service === "sessions" ? sequence >= erased.last : sequence < erased.first;
}

function foldedState(
  fold: Fold,
  facts: {
    service: string;
    version: string;
    sequence: number;
    messages: number;
    startedAtMs: number;
    checked: FoldedState["snapshot"];
  },
): FoldedState {
  const { startedAtMs, checked, ...rest } = facts;
  const tookMs = performance.now() - startedAtMs;
  // A copy: the fold goes on and changes its state in place.
  const state = structuredClone(fold.json());
  return {
    ...rest,
    hash: stateHash(state),
    state,
    tookMs,
    ...(checked !== undefined && { snapshot: checked }),
  };
}
