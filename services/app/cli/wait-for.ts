// Waits for a run's result, until it is there, the waiting time is over, or Ctrl-C.

import type { Result } from "../../../schemas/messages/result.ts";
import type { CommandContext } from "./context.ts";
import { EXIT, Exit } from "./exit-codes.ts";

/** What is waited for. */
export interface Waited {
  id: string;
  result(): Promise<Result>;
  cancel(): Promise<void>;
}

/**
 * @throws Exit `interrupted` after asking to cancel it; `pending` when `waitMs` is over, and it goes on.
 */
export async function waitFor(
  { terminal, interrupted }: CommandContext,
  run: Waited,
  waitMs?: number,
): Promise<Result> {
  const stopped = Promise.withResolvers<"interrupted" | "late">();
  const onAbort = () => stopped.resolve("interrupted");
  interrupted.addEventListener("abort", onAbort, { once: true });
  if (interrupted.aborted) onAbort();
  const timer = waitMs === undefined ? undefined : setTimeout(stopped.resolve, waitMs, "late");
  try {
    const first = await Promise.race([run.result(), stopped.promise]);
    if (typeof first === "object") return first;
    const hint = `dspex result ${run.id} --wait`;
    if (first === "late") throw new Exit(EXIT.pending, `not finished yet; fetch it with: ${hint}`);
    await run.cancel().catch((error: Error) => terminal.note(`could not cancel: ${error.message}`));
    throw new Exit(EXIT.interrupted, `cancelled; how it ended: ${hint}`);
  } finally {
    clearTimeout(timer);
    interrupted.removeEventListener("abort", onAbort);
  }
}
