// The fold of the pipelines service, kept up with the log.

import type { Logger } from "pino";
import { type FoldPart, LiveFold } from "../log/live-fold.ts";
import type { LogMessage } from "../log/message.ts";
import type { PipelinesConfig } from "./config.ts";
import { decodeEvent, namedIn, type PipelinesEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { freeze, stateFromJson, textPieces } from "./json.ts";
import { openKey } from "./run/state.ts";
import { initialState, keyOf, PIPELINES_EVOLVE_VERSION, type PipelinesState } from "./state.ts";

export type PipelinesFold = LiveFold<PipelinesState>;

const MESSAGES_A_RUN = 8;

/** The whole log: several filters cost the server a look at every subject of a block for each message. */
const KIND = {
  version: PIPELINES_EVOLVE_VERSION,
  initial: initialState,
  fromJson: stateFromJson,
  pieces: (state: PipelinesState) => textPieces(freeze(state)),
};

/** @param onEvent called after each event was folded. */
export function pipelinesFold(
  part: FoldPart,
  config: PipelinesConfig,
  onEvent: (event: PipelinesEvent) => void,
): PipelinesFold {
  return new LiveFold({
    ...part,
    kind: KIND,
    apply(state, message) {
      const event = eventIn(state, message, part.logger);
      if (event !== undefined) evolve(state, event);
      state.sequence = message.sequence;
      state.timeMs = Math.max(state.timeMs, message.timeMs);
      if (event !== undefined) onEvent(event);
      return state;
    },
    snapshotEvery: ({ runs }) => Math.max(config.snapshotEvery, MESSAGES_A_RUN * runs.size),
    snapshotEveryMs: config.snapshotEveryMs,
  });
}

function eventIn(state: PipelinesState, message: LogMessage, logger: Logger): PipelinesEvent | undefined {
  try {
    return decodeEvent(
      message,
      (user, run, stage, n) => state.runs.get(keyOf(user, run))?.open.has(openKey(stage, n)) === true,
    );
  } catch (error) {
    const { sequence, subject, timeMs } = message;
    logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
    const named = namedIn(subject);
    // What is appended is conditional on the run's last event, readable or not.
    return named && { kind: "other", sequence, timeMs, user: named.user, name: named.name };
  }
}
