// What began and what was given up between two states of a run. Pure.

import type { Asked } from "./outgoing.ts";
import type { Run } from "./state.ts";

/** Requests and child runs that are on in the second run and not in the first. */
export function* startedBetween(before: Run, after: Run): Generator<Asked> {
  for (const [open, key] of after.open.entries()) {
    if (before.open.has(open)) continue;
    const [stage = "", n = ""] = open.split("_");
    yield { key, stage: Number(stage), n: Number(n) };
  }
}

/** All that is on and of which nothing has come. */
export function* openOf(run: Run): Generator<Asked> {
  for (const [open, key] of run.open.entries()) {
    const [stage = "", n = ""] = open.split("_");
    if (run.arrived.get(key)?.n !== Number(n)) yield { key, stage: Number(stage), n: Number(n) };
  }
}

/** Those that were on, of which nothing has come, and that are given up. */
export function* givenUpBetween(before: Run, after: Run): Generator<Asked> {
  for (const [open, key] of before.open.entries()) {
    if (after.open.has(open)) continue;
    const [stage = "", n = ""] = open.split("_");
    if (before.arrived.get(key)?.n === Number(n)) continue;
    yield { key, stage: Number(stage), n: Number(n) };
  }
}
