// Pipelines whose registration lies in the older half of the log are told again: what age or a cut takes from its head
// takes no pipeline away, whatever becomes of the snapshots.

import { ANY_SUBJECT } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { PipelinesFold } from "./fold.ts";
import type { Journal } from "./journal.ts";
import { compiledVersion } from "./state.ts";

export interface RenewOptions {
  fold: PipelinesFold;
  journal: Journal;
  reader: LogReader;
}

/** Returns how many were told again. */
export async function renewPipelines({ fold, journal, reader }: RenewOptions): Promise<number> {
  const [first, last] = await Promise.all([reader.next(ANY_SUBJECT, 1), reader.last(ANY_SUBJECT)]);
  if (first === null || last === null) return 0;
  const middle = (first.sequence + last.sequence) / 2;
  let renewed = 0;
  for (const { owner, name, removed, versions, last: event } of [...fold.state.pipelines.values()]) {
    const current = versions.at(-1);
    // Of a removed one nothing has to be kept; of others those that run have their own definition.
    if (removed || current === undefined || current.sequence > middle) continue;
    const { version, by } = current;
    const { definition } = compiledVersion(fold.state, version);
    const sequence = await journal.append(
      owner,
      name,
      "registered",
      { name, owner, by, version, definition },
      event,
    );
    // Somebody else has said something of it: then that is new enough, or comes next time.
    if (sequence === undefined) continue;
    await fold.passed(sequence);
    renewed++;
  }
  return renewed;
}
