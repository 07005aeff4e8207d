// What a decision has to read before it can be made: outputs that lie in the log alone, values behind references. Pure.

import type { Reference } from "../../../schemas/messages/reference.ts";

/** Something that lies in the log or in the bucket of large values. */
export type Need = { sequence: number } | { reference: Reference["$ref"] };

export function needKey(need: Need): string {
  return "sequence" in need ? `log ${need.sequence}` : `value ${need.reference.key}`;
}

/** What was read, by `needKey`; an error = it is not there any more, or too much. */
export type Loaded = ReadonlyMap<string, unknown>;

/** Thrown when something has to be read first. */
export class MissingValues extends Error {
  readonly needs: Need[];
  constructor(needs: Need[]) {
    super(`${needs.length} values have to be read first`);
    this.needs = needs;
  }
}
