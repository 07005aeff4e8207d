// The fold of the registry of programs, kept up with the log.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { type FoldPart, LiveFold } from "../log/live-fold.ts";
import { decodeEvent, PROGRAMS_FILTERS } from "./event.ts";
import { evolve } from "./evolve.ts";
import {
  initialState,
  PROGRAMS_EVOLVE_VERSION,
  type ProgramsState,
  stateFromJson,
  stateToJson,
} from "./state.ts";

export type ProgramsFold = LiveFold<ProgramsState>;

const KIND = {
  version: PROGRAMS_EVOLVE_VERSION,
  initial: initialState,
  fromJson: stateFromJson,
  pieces: (state: ProgramsState) => [stringifyJson(stateToJson(state))],
  filters: PROGRAMS_FILTERS,
};

export function programsFold(part: FoldPart): ProgramsFold {
  return new LiveFold({
    ...part,
    kind: KIND,
    apply(state, message) {
      try {
        const event = decodeEvent(message);
        if (event !== undefined) evolve(state, event);
      } catch (error) {
        const { sequence, subject } = message;
        part.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
      }
      state.sequence = message.sequence;
      return state;
    },
  });
}
