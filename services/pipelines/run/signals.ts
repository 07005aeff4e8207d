// Signals that came, and the stages that wait for them. Pure; changes the run.

import type { Run } from "./state.ts";

/** As many stages as there are signals of that name go on, those that wait longest. */
export function offerSignals(run: Run, signal: string): void {
  let left = 0;
  for (const [, kept] of run.signals.entries()) if (kept.signal === signal) left++;
  if (left === 0) return;
  for (const [key, awaited] of run.awaiting.entries()) {
    if (awaited !== signal) continue;
    run.ready.set(key, true);
    if (--left === 0) return;
  }
}
