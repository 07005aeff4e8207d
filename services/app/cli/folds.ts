// The folds that `dspex replay` can take a log through: each service's own evolve, and nothing else of it.

import { snapshotBucket } from "../../../schemas/subjects.ts";
import { applyMessage } from "../../learning/fold/apply.ts";
import { stateToJson as learnerToJson } from "../../learning/fold/json.ts";
import { initialState as initialLearner, LEARNER_EVOLVE_VERSION } from "../../learning/fold/state.ts";
import * as programsEvent from "../../programs/event.ts";
import * as programsEvolve from "../../programs/evolve.ts";
import * as programsState from "../../programs/state.ts";
import * as routerEvent from "../../router/event.ts";
import * as routerEvolve from "../../router/evolve.ts";
import * as routerState from "../../router/state.ts";
import { applyMessage as applyToSessions } from "../../sessions/apply.ts";
import { stateToJson as sessionsToJson } from "../../sessions/json.ts";
import { initialState as initialSessions, SESSIONS_EVOLVE_VERSION } from "../../sessions/state.ts";
import * as variablesFold from "../../variables/fold.ts";
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
  filters: programsEvent.PROGRAMS_FILTERS,
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

const learning: FoldedService = {
  version: LEARNER_EVOLVE_VERSION,
  bucket: snapshotBucket("learning"),
  start() {
    const state = initialLearner();
    return {
      apply(message) {
        applyMessage(state, message);
      },
      json: () => learnerToJson(state),
    };
  },
};

const variables: FoldedService = {
  version: variablesFold.FOLD_VERSION,
  bucket: snapshotBucket("variables"),
  filters: variablesFold.VARIABLES_FILTERS,
  start() {
    const fold = variablesFold.initialFold();
    return {
      apply(message) {
        readable(() => variablesFold.applyMessage(fold, message));
      },
      json: () => variablesFold.foldToJson(fold),
    };
  },
};

const sessions: FoldedService = {
  version: SESSIONS_EVOLVE_VERSION,
  bucket: snapshotBucket("sessions"),
  start() {
    const state = initialSessions();
    return {
      apply(message) {
        applyToSessions(state, message);
      },
      json: () => sessionsToJson(state),
    };
  },
};

export const FOLDED_SERVICES = { router, programs, learning, variables, sessions } as const;
export type FoldedServiceName = keyof typeof FOLDED_SERVICES;

/** A message that cannot be read is passed over, as the service does. */
function readable<T>(decode: () => T | undefined): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
