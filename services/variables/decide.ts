// state + command → event, for the registry. Pure; nothing to append = the command changes nothing.

import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import {
  MAX_VARIABLES,
  type VariableChange,
  type VariableDefinition,
  type VariableMetric,
} from "../../schemas/messages/variable-event.ts";
import { definitionOf } from "./definition.ts";
import type { VariableAppend } from "./event.ts";
import { checkValue } from "./fits.ts";
import { followFrom, isSame } from "./follow-from.ts";
import { dependenciesOf, dependentsOf, type Graph, graphOf } from "./graph.ts";
import { activeDefinitions, graphOfState } from "./graph-of-state.ts";
import type { Variable, VariablesState } from "./state.ts";

interface Said {
  /** A user, `config`, or `optimization/<run>`. */
  by: string;
  reason?: string | undefined;
}
interface Expecting {
  /** Versions that these variables must have, else nothing happens. */
  expect?: Readonly<Record<string, number>> | undefined;
}

export interface RegisterCommand extends Said {
  kind: "register";
  variables: readonly unknown[];
}
export interface SetCommand extends Said, Expecting {
  kind: "set";
  values: Readonly<Record<string, unknown>>;
  metric?: VariableMetric | undefined;
}
export interface ResetCommand extends Said, Expecting {
  kind: "reset";
  names: readonly string[];
}
export interface DeprecateCommand extends Said, Expecting {
  kind: "deprecate";
  name: string;
  replacedBy?: string | undefined;
}
export type Command = RegisterCommand | SetCommand | ResetCommand | DeprecateCommand;

/** @throws DspexError that says what does not fit: nothing has changed then. */
export function decide(state: VariablesState, command: Command): VariableAppend | undefined {
  switch (command.kind) {
    case "register":
      return decideRegister(state, command);
    case "set":
      return decideSet(state, command);
    case "reset":
      return decideReset(state, command);
    case "deprecate":
      return decideDeprecate(state, command);
    default: {
      const unknown: never = command;
      return unknown;
    }
  }
}

/**
 * Values stay where they still fit. One that does not, and all that the command declares where they no longer fit
 * together, begin with their defaults.
 */
function decideRegister(state: VariablesState, command: RegisterCommand): VariableAppend | undefined {
  const { variables: declarations } = command;
  const paths = new Map<string, string>();
  const definitions = declarations.map((declaration, n) => {
    const path = `variables[${n}]`;
    const definition = definitionOf(declaration, path);
    if (paths.has(definition.name))
      throw new DspexError("invalid_inputs", `variable "${definition.name}" is declared twice`, { path });
    paths.set(definition.name, path);
    return definition;
  });
  const fresh = definitions.filter((definition) => {
    const known = state.variables.get(definition.name);
    return known?.status !== "active" || canonicalJson(known.definition) !== canonicalJson(definition);
  });
  if (fresh.length === 0) return undefined;
  const all = activeDefinitions(state);
  for (const definition of definitions) all.set(definition.name, definition);
  if (all.size > MAX_VARIABLES)
    throw new DspexError("invalid_inputs", `at most ${MAX_VARIABLES} variables, not ${all.size}`, {
      path: "variables",
    });
  for (const definition of fresh)
    mustNotNameDeprecated(state, all, definition, paths.get(definition.name) ?? "");
  const graph = graphOf(all, (name) => paths.get(name));
  let values: Map<string, unknown>;
  try {
    values = settled(state, graph, fresh, paths, true);
  } catch {
    values = settled(state, graph, definitions, paths, false);
  }
  const isFresh = new Set(fresh.map(({ name }) => name));
  const changed = [...values.keys()].filter(
    (name) => isFresh.has(name) || !isSame(values.get(name), state.variables.get(name)?.value),
  );
  return {
    verb: "registered",
    data: { definitions: fresh, changes: changesOf(state, graph, values, changed), ...said(command) },
  };
}

/** Values of all; those that are declared are kept where they fit, or begin with their defaults. */
function settled(
  state: VariablesState,
  graph: Graph,
  declared: readonly VariableDefinition[],
  paths: ReadonlyMap<string, string>,
  keep: boolean,
): Map<string, unknown> {
  const values = new Map(
    [...graph.definitions.keys()].map((name) => [name, state.variables.get(name)?.value]),
  );
  for (const definition of declared) {
    if (definition.expression !== undefined) continue;
    const value = values.get(definition.name);
    if (!keep || !doesFit(definition, value)) values.set(definition.name, definition.default);
  }
  // Everything that is registered, and all else that stands on it.
  followFrom(
    graph,
    values,
    new Set(declared.map(({ name }) => name)),
    (name) => paths.get(name) ?? "variables",
  );
  return values;
}

function doesFit(definition: VariableDefinition, value: unknown): boolean {
  try {
    checkValue(definition, value, "");
    return true;
  } catch {
    return false;
  }
}

function mustNotNameDeprecated(
  state: VariablesState,
  all: ReadonlyMap<string, VariableDefinition>,
  definition: VariableDefinition,
  path: string,
): void {
  for (const name of dependenciesOf(definition)) {
    if (all.has(name) || state.variables.get(name)?.status !== "deprecated") continue;
    throw new DspexError(
      "invalid_inputs",
      `variable "${definition.name}" names "${name}", which is deprecated`,
      {
        path,
      },
    );
  }
}

function decideSet(state: VariablesState, command: SetCommand): VariableAppend | undefined {
  const { values: given, expect, metric } = command;
  if (Object.keys(given).length === 0)
    throw new DspexError("invalid_inputs", "no value is given", { path: "values" });
  const pathOf = (name: string) => `values.${name}`;
  mustBeExpected(state, expect);
  for (const [name, value] of Object.entries(given)) {
    const { definition } = settable(state, name, pathOf(name));
    checkValue(definition, value, pathOf(name));
  }
  const changes = changesFrom(state, given, pathOf);
  if (changes === undefined) return undefined;
  return { verb: "changed", data: { changes, ...said(command), ...(metric !== undefined && { metric }) } };
}

function decideReset(state: VariablesState, command: ResetCommand): VariableAppend | undefined {
  const { names, expect } = command;
  if (names.length === 0) throw new DspexError("invalid_inputs", "no name is given", { path: "names" });
  mustBeExpected(state, expect);
  const pathOf = (name: string) => `names[${names.indexOf(name)}]`;
  const defaults = names.map((name) => [name, settable(state, name, pathOf(name)).definition.default]);
  const changes = changesFrom(state, Object.fromEntries(defaults), pathOf);
  return changes === undefined ? undefined : { verb: "reset", data: { changes, ...said(command) } };
}

function decideDeprecate(state: VariablesState, command: DeprecateCommand): VariableAppend | undefined {
  const { name, replacedBy, expect } = command;
  mustBeExpected(state, expect);
  const variable = find(state, name, "name");
  if (replacedBy !== undefined) {
    const other = find(state, replacedBy, "replacedBy");
    if (other === variable || other.status === "deprecated")
      throw new DspexError("invalid_inputs", `variable "${name}" cannot be replaced by "${replacedBy}"`, {
        path: "replacedBy",
      });
  }
  if (variable.status === "deprecated") return undefined;
  const others = dependentsOf(activeDefinitions(state), name);
  if (others.length > 0)
    throw new DspexError("conflict", `variable "${name}" is needed by ${others.join(", ")}`, {
      path: "name",
      details: { neededBy: others },
    });
  const { definition, value, version } = variable;
  return {
    verb: "deprecated",
    data: {
      definition,
      value,
      version: version + 1,
      ...said(command),
      ...(replacedBy !== undefined && { replacedBy }),
    },
  };
}

/** Undefined = all are so already. @throws DspexError `invalid_inputs` when they do not fit together. */
function changesFrom(
  state: VariablesState,
  given: Readonly<Record<string, unknown>>,
  pathOf: (name: string) => string,
): VariableChange[] | undefined {
  const others = Object.keys(given).filter((name) => !isSame(given[name], state.variables.get(name)?.value));
  if (others.length === 0) return undefined;
  const graph = graphOfState(state);
  const values = new Map(
    [...graph.definitions.keys()].map((name) => [name, state.variables.get(name)?.value]),
  );
  for (const name of others) values.set(name, given[name]);
  return changesOf(state, graph, values, followFrom(graph, values, new Set(others), pathOf));
}

/** In the order in which they follow from each other. */
function changesOf(
  state: VariablesState,
  graph: Graph,
  values: ReadonlyMap<string, unknown>,
  names: Iterable<string>,
): VariableChange[] {
  const placeOf = (name: string) => graph.place.get(name) ?? 0;
  return [...names]
    .sort((a, b) => placeOf(a) - placeOf(b))
    .map((name) => ({
      name,
      value: values.get(name),
      version: (state.variables.get(name)?.version ?? 0) + 1,
    }));
}

export function find(state: VariablesState, name: string, path: string): Variable {
  const variable = state.variables.get(name);
  if (variable !== undefined) return variable;
  throw new DspexError("not_found", `no variable ${JSON.stringify(name.slice(0, 80))} is registered`, {
    path,
  });
}

function settable(state: VariablesState, name: string, path: string): Variable {
  const variable = find(state, name, path);
  const { definition, status, replacedBy } = variable;
  if (status === "deprecated") {
    const instead = replacedBy === undefined ? "" : `, use "${replacedBy}"`;
    throw new DspexError("gone", `variable "${name}" is deprecated${instead}`, { path });
  }
  if (definition.expression === undefined) return variable;
  throw new DspexError(
    "invalid_inputs",
    `variable "${name}" is computed from ${[...dependenciesOf(definition)].join(", ")}: ${definition.expression}`,
    { path },
  );
}

function mustBeExpected(state: VariablesState, expect: Readonly<Record<string, number>> = {}): void {
  for (const [name, version] of Object.entries(expect)) {
    const variable = find(state, name, `expect.${name}`);
    if (variable.version === version) continue;
    throw new DspexError("conflict", `variable "${name}" has version ${variable.version}, not ${version}`, {
      path: `expect.${name}`,
      details: { name, version: variable.version },
    });
  }
}

function said({ by, reason }: Said): { by: string; reason?: string } {
  return { by, ...(reason !== undefined && { reason }) };
}
