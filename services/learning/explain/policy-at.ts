// The policy that was in force at a point of the log, with what was published of one program by then. Point reads.

import type { PolicyPromoted, PolicyUpdated } from "../../../schemas/messages/policy-event.ts";
import { policyEventSubject } from "../../../schemas/subjects.ts";
import type { LogReader } from "../../log/read.ts";
import type { JournalState } from "../fold/journal.ts";
import { STANDARD_SETTINGS } from "../policy/state.ts";
import type { PolicyInForce, Told } from "./story.ts";
import { told } from "./told.ts";

/** Versions that are looked at for one that tells of the program, where the journal does not reach back so far. */
const VERSIONS_BACK = 200;

/** `journal` = where the versions are that were published lately. */
export async function policyAt(
  reader: LogReader,
  journal: JournalState,
  program: string,
  sequence: number,
): Promise<PolicyInForce> {
  const last = async <Data>(verb: string): Promise<Told<Data> | undefined> => {
    const message = await reader.lastUpTo(policyEventSubject(verb), sequence);
    return message === null ? undefined : told<Data>(message);
  };
  const [published, promoted, rolledBack] = await Promise.all([
    last<PolicyUpdated>("updated"),
    last<PolicyPromoted>("promoted"),
    last<PolicyPromoted>("rolled-back"),
  ]);
  const change = newerOf(promoted, rolledBack);
  // What was published before a change says nothing of the new settings: the same order as in the folds.
  const isCovered = published !== undefined && published.data.coveredSequence > (change?.sequence ?? 0);
  const settings = isCovered ? published.data.settings : (change?.data.to ?? STANDARD_SETTINGS);
  return { settings, change, published, evidence: await evidenceOf(reader, journal, program, published) };
}

function newerOf(
  promoted: Told<PolicyPromoted> | undefined,
  rolledBack: Told<PolicyPromoted> | undefined,
): PolicyInForce["change"] {
  if (promoted !== undefined && promoted.sequence > (rolledBack?.sequence ?? 0))
    return { ...promoted, verb: "promoted" };
  return rolledBack === undefined ? undefined : { ...rolledBack, verb: "rolled-back" };
}

/** Each version tells of the programs that changed: the last that tells of this one. */
async function evidenceOf(
  reader: LogReader,
  { ofProgram, versions }: JournalState,
  program: string,
  newest: Told<PolicyUpdated> | undefined,
): Promise<Told<PolicyUpdated> | undefined> {
  if (newest === undefined) return undefined;
  const version = ofProgram.get(program)?.findLast((one) => one <= newest.data.version);
  const known = versions.find((one) => one.version === version);
  const message = known === undefined ? null : await reader.at(known.sequence);
  if (message !== null) return told<PolicyUpdated>(message);
  let updated: Told<PolicyUpdated> | undefined = newest;
  for (let step = 0; step < VERSIONS_BACK && updated !== undefined; step++) {
    if (updated.data.programs.some((one) => one.program === program)) return updated;
    const before = await reader.lastUpTo(policyEventSubject("updated"), updated.sequence - 1);
    updated = before === null ? undefined : told<PolicyUpdated>(before);
  }
  return undefined;
}
