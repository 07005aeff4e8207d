// `dspex replay --verify`: takes every decision of the log again.
//
//   1 look at work, results, failures  → which decisions were taken, from which state
//   2 fold everything up to there      → at each of those states take the decision again, compare

import { DspexError } from "../../../../schemas/errors.ts";
import type { Decision } from "../../../../schemas/messages/parts.ts";
import { DecisionCollector } from "../../../router/verify/collect.ts";
import { type Difference, totalOf, Verifier } from "../../../router/verify/verifier.ts";
import { type Erased, readErased } from "../erased.ts";
import type { OperatorLog } from "../operator-log.ts";
import type { Window } from "../replay-points.ts";
import { readStretch } from "../replay-read.ts";
import { stateBefore } from "../replay-snapshot.ts";
import type { Terminal } from "../terminal.ts";
import type { ShownDifference, VerifyReport } from "./report.ts";

export interface VerifyOptions {
  window: Window;
  /** Differences to show in full. */
  shown: number;
}

export async function verify(
  terminal: Terminal,
  log: OperatorLog,
  { window, shown }: VerifyOptions,
): Promise<VerifyReport> {
  const startedAt = performance.now();
  const { head, from, to } = window;
  const collector = new DecisionCollector(from);
  const stretch = { what: "decisions", fromSequence: from, toSequence: to };
  await readStretch(terminal, log, stretch, (message) => collector.take(message));

  const { recorded, otherRules, unreadable } = collector;
  const state = await stateBefore(log, window, recorded.stateSequences);
  const snapshotSequence = state?.sequence;
  const erased = await readErased(log);
  const verifier = new Verifier(recorded, {
    ...(erased !== undefined && { erased: erased.sequences }),
    ...(state !== undefined && { state }),
    headSequence: head,
    shown,
  });
  const { fromSequence, toSequence } = verifier;
  const messages = await readStretch(
    terminal,
    log,
    // A decision may claim a state that is still to come.
    { what: "verify", fromSequence: Math.max(fromSequence, head), toSequence: Math.min(toSequence, to) },
    (message) => verifier.take(message),
  );
  verifier.end();

  const { verdicts, reasons, inFlight, differences } = verifier;
  return {
    from,
    to,
    ...totalOf(verdicts),
    kinds: verdicts,
    notCheckableBecause: Object.fromEntries(reasons),
    otherRules: Object.fromEntries(otherRules),
    unreadable,
    inFlight: {
      tooFew: inFlight.tooFew,
      // Who cannot see what was sent cannot tell what was counted too much.
      unexplained: from > 1 || erased !== undefined ? undefined : inFlight.unexplained,
    },
    erasedFromLog: erased === undefined ? undefined : withoutSequences(erased),
    differences: await Promise.all(differences.map((one) => withRecorded(log, one))),
    snapshotSequence,
    messages,
    tookMs: performance.now() - startedAt,
  };
}

function withoutSequences({ sequences: _sequences, ...erased }: Erased): Omit<Erased, "sequences"> {
  return erased;
}

async function withRecorded(log: OperatorLog, difference: Difference): Promise<ShownDifference> {
  const message = await log.reader.at(difference.messageSequence);
  if (message === null)
    throw new DspexError("gone", `message ${difference.messageSequence} was cut from the log meanwhile`);
  const { decision } = (message.json() as { data: { decision: Decision } }).data;
  return { ...difference, recorded: decision };
}
