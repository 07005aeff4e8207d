// The fold of the sessions service, kept up with the log.

import { type FoldPart, LiveFold } from "../log/live-fold.ts";
import { applyMessage } from "./apply.ts";
import type { SessionsConfig } from "./config.ts";
import type { SessionsEvent } from "./event.ts";
import { freeze, stateFromJson, textPieces } from "./json.ts";
import { initialState, SESSIONS_EVOLVE_VERSION, type SessionsState } from "./state.ts";

export type SessionsFold = LiveFold<SessionsState>;

const SOON_MS = 5_000;
const MESSAGES_A_SESSION = 2;

/** The whole log: several filters cost the server a look at every subject of a block for each message. */
const KIND = {
  version: SESSIONS_EVOLVE_VERSION,
  initial: initialState,
  fromJson: stateFromJson,
  pieces: (state: SessionsState) => textPieces(freeze(state)),
};

/** @param onEvent called after each event was folded. */
export function sessionsFold(
  part: FoldPart,
  config: SessionsConfig,
  onEvent: (event: SessionsEvent) => void,
): SessionsFold {
  return new LiveFold({
    ...part,
    kind: KIND,
    apply(state, message) {
      const { event, error } = applyMessage(state, message);
      if (error !== undefined) {
        const { sequence, subject } = message;
        part.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
      }
      if (event !== undefined) onEvent(event);
      return state;
    },
    snapshotEvery: ({ live, ended }) =>
      Math.max(config.snapshotEvery, MESSAGES_A_SESSION * (live.size + ended.size)),
    snapshotEveryMs: config.snapshotEveryMs,
    soonMs: SOON_MS,
  });
}
