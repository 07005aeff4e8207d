// What the variables service folds: the registry, and the searches for better values. One follower hands each message to
// both.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import {
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
  VARIABLE_EVENTS_FILTER,
} from "../../schemas/subjects.ts";
import { type FoldPart, LiveFold } from "../log/live-fold.ts";
import { decodeEvent, type VariableMessage } from "./event.ts";
import { evolve } from "./evolve.ts";
import { decodeOptimization, setByRun } from "./optimize/event.ts";
import { evolveOptimizations } from "./optimize/evolve.ts";
import {
  initialOptimizations,
  type OptimizationsState,
  optimizationsFromJson,
  optimizationsToJson,
} from "./optimize/state.ts";
import {
  initialState,
  stateFromJson,
  stateToJson,
  VARIABLES_EVOLVE_VERSION,
  type VariablesState,
} from "./state.ts";

/** Of both: a snapshot of another one does not count. */
export const FOLD_VERSION = `${VARIABLES_EVOLVE_VERSION}.2`;

export const VARIABLES_FILTERS = [
  VARIABLE_EVENTS_FILTER,
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
] as const;

export interface VariablesFold {
  variables: VariablesState;
  optimizations: OptimizationsState;
  /** Of the last message. */
  readonly sequence: number;
}

export function initialFold(): VariablesFold {
  return foldOf(initialState(), initialOptimizations());
}

function foldOf(variables: VariablesState, optimizations: OptimizationsState): VariablesFold {
  return {
    variables,
    optimizations,
    get sequence() {
      return variables.sequence;
    },
  };
}

/** Changes the fold in place. @throws on a known event that does not fit its schema: then it has changed nothing. */
export function applyMessage(fold: VariablesFold, message: VariableMessage): void {
  try {
    const event = decodeEvent(message);
    if (event !== undefined) evolve(fold.variables, event);
    const ofRun = event === undefined ? decodeOptimization(message) : setByRun(event);
    if (ofRun !== undefined) evolveOptimizations(fold.optimizations, ofRun);
  } finally {
    fold.variables.sequence = message.sequence;
  }
}

/** The same for the same fold. */
export function foldToJson({ variables, optimizations }: Omit<VariablesFold, "sequence">): unknown {
  return { ...(stateToJson(variables) as object), optimizations: optimizationsToJson(optimizations) };
}

/** Reads back what `foldToJson` wrote; the snapshot's hash has been checked before. */
export function foldFromJson(json: unknown): VariablesFold {
  const { optimizations, ...variables } = json as { optimizations: unknown };
  return foldOf(stateFromJson(variables), optimizationsFromJson(optimizations));
}

const KIND = {
  version: FOLD_VERSION,
  initial: initialFold,
  fromJson: foldFromJson,
  pieces: (fold: VariablesFold) => [stringifyJson(foldToJson(fold))],
  filters: VARIABLES_FILTERS,
};

/** Kept up with the log. */
export function liveVariables(part: FoldPart): LiveFold<VariablesFold> {
  return new LiveFold({
    ...part,
    kind: KIND,
    apply(fold, message) {
      try {
        applyMessage(fold, message);
      } catch (error) {
        const { sequence, subject } = message;
        part.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
      }
      return fold;
    },
  });
}
