// Pipelines whose registration lies in the older half of the log are told again: what age or a cut takes from its head
// takes no pipeline away, whatever becomes of the snapshots.

import { isOld, logRange } from "../log/range.ts";
import type { LogReader } from "../log/read.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { compiledVersion } from "./state.ts";

export interface RenewOptions {
  fold: PipelinesFold;
  journal: PipelineJournal;
  reader: LogReader;
}

/** Returns how many were told again. */
export async function renewPipelines({ fold, journal, reader }: RenewOptions): Promise<number> {
  const range = await logRange(reader);
  if (range === undefined) return 0;
  let renewed = 0;
  for (const { owner, name, versions, last: event } of [...fold.state.pipelines.values()]) {
    const current = versions.at(-1);
    // Of older versions nothing has to be kept: those that run have their own definition.
    if (current === undefined || !isOld(current.sequence, range)) continue;
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
