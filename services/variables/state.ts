// The registry of variables as a fold: definitions, values, and what last happened to each.

import type { VariableDefinition, VariableMetric } from "../../schemas/messages/variable-event.ts";

export const VARIABLES_EVOLVE_VERSION = "1";

/** Changes of one variable that are kept; older ones stay in the log only. */
export const HISTORY_KEPT = 64;
/** A larger value, as JSON, is kept once: a change of it has only its sequence in the log. */
export const MAX_REMEMBERED = 1_024;

export interface HistoryEntry {
  version: number;
  sequence: number;
  timeMs: number;
  verb: "registered" | "changed" | "reset" | "deprecated";
  by: string;
  reason?: string;
  metric?: VariableMetric;
  /** Absent = large: in the event of this sequence, as long as the log has it. */
  value?: unknown;
}

export interface Variable {
  definition: VariableDefinition;
  status: "active" | "deprecated";
  /** What is to be used instead of a deprecated one. */
  replacedBy?: string;
  value: unknown;
  /** Counts its changes from 1. */
  version: number;
  /** Last event that told definition and value: the log must not forget it. */
  toldSequence: number;
  /** Newest last. */
  history: HistoryEntry[];
}

export interface VariablesState {
  /** Of the last event. */
  sequence: number;
  /** Of the last event that changed a value, and a definition: what was computed from them holds until then. */
  changedSequence: number;
  definedSequence: number;
  variables: Map<string, Variable>;
}

export function initialState(): VariablesState {
  return { sequence: 0, changedSequence: 0, definedSequence: 0, variables: new Map() };
}

/** The state as plain JSON, the same for the same state. */
export function stateToJson(state: VariablesState): unknown {
  return { ...state, variables: [...state.variables.values()] };
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): VariablesState {
  const { variables, ...rest } = json as Omit<VariablesState, "variables"> & { variables: Variable[] };
  return { ...rest, variables: new Map(variables.map((variable) => [variable.definition.name, variable])) };
}
