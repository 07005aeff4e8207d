// What the variables service folds: the registry, and the searches for better values. One follower hands each message to
// both.

import {
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
  VARIABLE_EVENTS_FILTER,
} from "../../schemas/subjects.ts";
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
export const FOLD_VERSION = `${VARIABLES_EVOLVE_VERSION}.1`;

export const VARIABLES_FILTERS = [
  VARIABLE_EVENTS_FILTER,
  OPTIMIZATION_EVENTS_FILTER,
  OPTIMIZATION_RESULTS_FILTER,
] as const;

export interface VariablesFold {
  variables: VariablesState;
  optimizations: OptimizationsState;
}

export function initialFold(): VariablesFold {
  return { variables: initialState(), optimizations: initialOptimizations() };
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
export function foldToJson({ variables, optimizations }: VariablesFold): unknown {
  return { ...(stateToJson(variables) as object), optimizations: optimizationsToJson(optimizations) };
}

/** Reads back what `foldToJson` wrote; the snapshot's hash has been checked before. */
export function foldFromJson(json: unknown): VariablesFold {
  const { optimizations, ...variables } = json as { optimizations: unknown };
  return { variables: stateFromJson(variables), optimizations: optimizationsFromJson(optimizations) };
}
