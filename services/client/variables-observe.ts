// Changes of variables as an async iterator: history, then live. A reader that is cut off, by a restart of whatever
// answers it, goes on behind the last event that it saw.
//
//   variable.list ─▶ what there is now (if no sequence was asked for) ─▶ observe from there ─▶ cut off? observe again

import { isDspexError } from "../../schemas/errors.ts";
import { checkPattern } from "../../schemas/variable-pattern.ts";
import type { Api } from "./api.ts";
import { observe } from "./observe.ts";
import { listVariables } from "./variables-list.ts";
import { updateOf, type VariableUpdate } from "./variables-update.ts";

export interface ObserveVariables {
  /** First sequence of the log; absent = from now on. */
  from?: number;
  /** Also commands that were refused; they change nothing. */
  rejected?: boolean;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export async function* observeVariables(
  api: Api,
  pattern: string,
  { from, rejected = false }: ObserveVariables,
): AsyncGenerator<VariableUpdate> {
  checkPattern(pattern, "pattern");
  const seen = new Map<string, number>();
  let next = from;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      next ??= await startNow(api, pattern, seen);
      for await (const event of observe(api, { kinds: ["variable"], from: next })) {
        next = event.sequence + 1;
        pauseMs = FIRST_PAUSE_MS;
        const update = updateOf(event, pattern, seen);
        if (update !== undefined && (rejected || update.verb !== "rejected")) yield update;
      }
    } catch (error) {
      if (!isDspexError(error) || error.code !== "unavailable") throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** The first sequence that is not in the values of now. */
async function startNow(api: Api, pattern: string, seen: Map<string, number>): Promise<number> {
  const { sequence, variables } = await listVariables(api, { pattern, deprecated: true });
  for (const { name, version } of variables) seen.set(name, version);
  return sequence + 1;
}
