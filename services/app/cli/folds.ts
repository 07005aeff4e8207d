// The folds that `dspex replay` can take a log through: each service's own evolve, and nothing else of it.

import { PROGRAM_EVENTS_FILTER, snapshotBucket } from "../../../schemas/subjects.ts";
import * as programsEvent from "../../programs/event.ts";
import * as programsEvolve from "../../programs/evolve.ts";
import * as programsState from "../../programs/state.ts";
import * as routerEvent from "../../router/event.ts";
import * as routerEvolve from "../../router/evolve.ts";
import * as routerState from "../../router/state.ts";
import type { EventMessage } from "./log-event.ts";

/** A fold under way. */
export interface Fold {
  apply(message: EventMessage): void;
  /** The state as the service's snapshots have it. */
  json(): unknown;
}

export interface FoldedService {
  /** Version of its evolve: snapshots of another one do not count. */
  version: string;
  bucket: string;
  /** Subjects that it folds; absent = the whole log. */
  filters?: readonly string[];
  start(): Fold;
}

const router: FoldedService = {
  version: routerState.ROUTER_EVOLVE_VERSION,
  bucket: snapshotBucket("router"),
  start() {
    let state = routerState.initialState();
    return {
      apply(message) {
        const event = readable(() => routerEvent.decodeEvent(message));
        if (event === undefined) state.sequence = message.sequence;
        else state = routerEvolve.evolve(state, event);
      },
      json: () => routerState.stateToJson(state),
    };
  },
};

const programs: FoldedService = {
  version: programsState.PROGRAMS_EVOLVE_VERSION,
  bucket: snapshotBucket("programs"),
  filters: [PROGRAM_EVENTS_FILTER],
  start() {
    let state = programsState.initialState();
    return {
      apply(message) {
        const event = readable(() => programsEvent.decodeEvent(message));
        if (event !== undefined) state = programsEvolve.evolve(state, event);
        state.sequence = message.sequence;
      },
      json: () => programsState.stateToJson(state),
    };
  },
};

export const FOLDED_SERVICES = { router, programs } as const;
export type FoldedServiceName = keyof typeof FOLDED_SERVICES;

/** A message that cannot be read is passed over, as the service does. */
function readable<T>(decode: () => T | undefined): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
