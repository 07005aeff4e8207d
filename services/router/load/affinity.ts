// Which worker a turn of a session goes to: the one that answered the session's turn before it in the same pool, as long
// as it lives and has not too much of that already. What it keeps of the session (a computed prompt, a user module's own
// state) is then at hand; everybody else can make it again from the log. Pure.

import { sessionKey } from "../../sessions/state.ts";
import type { SessionsView } from "../../sessions/turns.ts";
import type { Load } from "./state.ts";
import { placeKey } from "./state.ts";

/** Work that is addressed to one worker beyond its slots; what comes then goes to whoever is free. */
const MORE_THAN_SLOTS = 2;

export interface Affinity {
  /** Who answered the turn before. */
  worker: string;
  /** `kept` = it gets this one, too; `gone` = it lives no more; `busy` = it has too much addressed to it. */
  fate: "kept" | "gone" | "busy";
}

/** Undefined where no worker of the pool has answered in the session. */
export function affinityOf(
  { sessions, load }: { sessions: SessionsView; load: Load },
  { user, session }: { user: string; session: string | undefined },
  pool: string,
): Affinity | undefined {
  if (session === undefined) return undefined;
  const worker = sessions.workers.get(sessionKey(user, session))?.[pool];
  if (worker === undefined) return undefined;
  const slots = load.workers.get(pool)?.get(worker)?.slots;
  if (slots === undefined) return { worker, fate: "gone" };
  const addressed = load.addressed.get(placeKey(pool, worker))?.size ?? 0;
  return { worker, fate: addressed < slots + MORE_THAN_SLOTS ? "kept" : "busy" };
}

export function isAlive({ workers }: Load, pool: string, worker: string): boolean {
  return workers.get(pool)?.has(worker) ?? false;
}
