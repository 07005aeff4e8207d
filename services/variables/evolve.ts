// state + event → state, for the registry. Changes the state in place.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { MAX_VARIABLES, type VariableChange } from "../../schemas/messages/variable-event.ts";
import type { VariableEvent } from "./event.ts";
import {
  HISTORY_KEPT,
  type HistoryEntry,
  MAX_REMEMBERED,
  type Variable,
  type VariablesState,
} from "./state.ts";

export function evolve(state: VariablesState, event: VariableEvent): VariablesState {
  return evolved(state, event, HISTORY_KEPT);
}

/** The same without history, for who only needs the values: that of a thousand variables is tens of megabytes. */
export function evolveValues(state: VariablesState, event: VariableEvent): VariablesState {
  return evolved(state, event, 0);
}

function evolved(state: VariablesState, event: VariableEvent, historyKept: number): VariablesState {
  const { sequence } = event;
  state.sequence = sequence;
  switch (event.verb) {
    case "registered": {
      const { definitions, changes } = event.data;
      const values = new Map(changes.map((change) => [change.name, change]));
      for (const definition of definitions) {
        const change = values.get(definition.name);
        if (change === undefined) continue;
        const variable = state.variables.get(definition.name);
        // Told again for who reads the log alone.
        if (variable?.version === change.version) variable.toldSequence = sequence;
        else {
          define(state, event, historyKept, {
            definition,
            status: "active",
            value: change.value,
            version: change.version,
            toldSequence: sequence,
            history: variable?.history ?? [],
          });
        }
      }
      for (const { name, value, version } of changes)
        give(state, event, historyKept, { name, value, version });
      forgetDeprecated(state);
      return state;
    }
    case "changed":
    case "reset":
      for (const { name, value, version } of event.data.changes)
        give(state, event, historyKept, { name, value, version });
      return state;
    case "deprecated": {
      const { definition, value, version, replacedBy } = event.data;
      const variable = state.variables.get(definition.name);
      if (variable?.version === version) variable.toldSequence = sequence;
      else {
        define(state, event, historyKept, {
          definition,
          status: "deprecated",
          ...(replacedBy !== undefined && { replacedBy }),
          value,
          version,
          toldSequence: sequence,
          history: variable?.history ?? [],
        });
      }
      return state;
    }
    case "rejected":
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

type Change = Exclude<VariableEvent, { verb: "rejected" }>;

function define(state: VariablesState, event: Change, historyKept: number, variable: Variable): void {
  state.variables.set(variable.definition.name, variable);
  state.definedSequence = event.sequence;
  state.changedSequence = event.sequence;
  remember(variable, event, historyKept);
}

/** A version that it has already is no change; one of a variable that is not known comes from before the log's head. */
function give(
  state: VariablesState,
  event: Change,
  historyKept: number,
  { name, value, version }: VariableChange,
): void {
  const variable = state.variables.get(name);
  if (variable === undefined || variable.version >= version) return;
  variable.value = value;
  variable.version = version;
  state.changedSequence = event.sequence;
  remember(variable, event, historyKept);
}

function remember(
  { history, version, value }: Variable,
  { verb, data, sequence, timeMs }: Change,
  historyKept: number,
): void {
  if (historyKept === 0) return;
  const entry: HistoryEntry = { version, sequence, timeMs, verb, by: data.by };
  if (data.reason !== undefined) entry.reason = data.reason;
  if (verb === "changed" && data.metric !== undefined) entry.metric = data.metric;
  if (stringifyJson(value).length <= MAX_REMEMBERED) entry.value = value;
  history.push(entry);
  if (history.length > historyKept) history.shift();
}

/** Those in use are at most so many; deprecated ones make room for them, the oldest first. */
function forgetDeprecated(state: VariablesState): void {
  for (const [name, { status }] of state.variables) {
    if (state.variables.size <= MAX_VARIABLES) return;
    if (status === "deprecated") state.variables.delete(name);
  }
}
