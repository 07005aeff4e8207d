// The graph of the variables in use, made once for each set of definitions. Deprecated ones are no part of it: none in
// use names them, and they keep their values. Pure.

import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";
import { type Graph, graphOf } from "./graph.ts";
import type { VariablesState } from "./state.ts";

const made = new WeakMap<VariablesState, { definedSequence: number; graph: Graph }>();

export function graphOfState(state: VariablesState): Graph {
  const known = made.get(state);
  if (known?.definedSequence === state.definedSequence) return known.graph;
  const graph = graphOf(activeDefinitions(state));
  made.set(state, { definedSequence: state.definedSequence, graph });
  return graph;
}

export function activeDefinitions(state: VariablesState): Map<string, VariableDefinition> {
  const active = [...state.variables].filter(([, { status }]) => status === "active");
  return new Map(active.map(([name, { definition }]) => [name, definition]));
}
