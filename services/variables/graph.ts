// How variables depend on each other: which follow from which, in an order in which what is depended on comes first,
// and what must hold of them together. Pure.

import { DspexError } from "../../schemas/errors.ts";
import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";
import { at, parsed } from "./definition.ts";
import { checkExpression } from "./expression/check.ts";
import type { Expression } from "./expression/parse.ts";
import { typeOfVariable } from "./fits.ts";

export interface Derived {
  definition: VariableDefinition;
  expression: Expression;
}

export interface Constraint {
  /** Name of the variable that declares it. */
  owner: string;
  expression: Expression;
  message: string | undefined;
}

export interface Graph {
  definitions: ReadonlyMap<string, VariableDefinition>;
  /** Place of each name in the order. */
  place: ReadonlyMap<string, number>;
  /** Those that are computed, in the order. */
  derived: readonly Derived[];
  constraints: readonly Constraint[];
  /** Places in `derived` and `constraints` of those that read a name, or are its own. */
  readers: ReadonlyMap<string, Readers>;
}

interface Readers {
  derived: number[];
  constraints: number[];
}

/**
 * `pathOf` = where the caller's message declares a variable; undefined = it was registered before.
 * @throws DspexError `invalid_inputs`: names that are none, types that do not fit, a cycle, which is named.
 */
export function graphOf(
  definitions: ReadonlyMap<string, VariableDefinition>,
  pathOf: (name: string) => string | undefined = () => undefined,
): Graph {
  const place = new Map<string, number>();
  const derived: Derived[] = [];
  const constraints: Constraint[] = [];
  for (const name of orderOf(definitions, pathOf)) {
    place.set(name, place.size);
    const definition = definitions.get(name) as VariableDefinition;
    const path = pathOf(name) ?? name;
    const what = `variable "${name}"`;
    const typed = (expression: Expression, member: string, wanted: string) => {
      for (const one of expression.names) mustBeThere(definitions, one, `${path}.${member}`, name);
      const type = at(`${path}.${member}`, what, () =>
        checkExpression(expression, (one) => typeOfVariable(definitions.get(one) as VariableDefinition)),
      );
      if (type !== wanted && type !== "any" && wanted !== "any")
        throw new DspexError("invalid_inputs", `${what}: its ${member} gives a ${type}, not a ${wanted}`, {
          path: `${path}.${member}`,
        });
      return expression;
    };
    if (definition.expression !== undefined) {
      const expression = parsed(definition, definition.expression, `${path}.expression`);
      derived.push({ definition, expression: typed(expression, "expression", typeOfVariable(definition)) });
    }
    definition.constraints?.forEach(({ expression: text, message }, n) => {
      const member = `constraints[${n}].expression`;
      const expression = parsed(definition, text, `${path}.${member}`);
      constraints.push({ owner: name, expression: typed(expression, member, "boolean"), message });
    });
  }
  return { definitions, place, derived, constraints, readers: readersOf(derived, constraints) };
}

function readersOf(
  derived: readonly Derived[],
  constraints: readonly Constraint[],
): ReadonlyMap<string, Readers> {
  const readers = new Map<string, Readers>();
  const of = (name: string): Readers => {
    const known = readers.get(name) ?? { derived: [], constraints: [] };
    readers.set(name, known);
    return known;
  };
  derived.forEach(({ definition, expression }, n) => {
    for (const name of new Set([definition.name, ...expression.names])) of(name).derived.push(n);
  });
  constraints.forEach(({ owner, expression }, n) => {
    for (const name of new Set([owner, ...expression.names])) of(name).constraints.push(n);
  });
  return readers;
}

/** Names that a variable cannot be without. */
export function dependenciesOf(definition: VariableDefinition): Set<string> {
  const { dependsOn = [], expression } = definition;
  const named = expression === undefined ? [] : parsed(definition, expression, "expression").names;
  return new Set([...dependsOn, ...named]);
}

/** Names of those that could not stay as they are without this one. */
export function dependentsOf(definitions: ReadonlyMap<string, VariableDefinition>, name: string): string[] {
  return [...definitions.values()]
    .filter((definition) => {
      if (definition.name === name) return false;
      const isRead = (definition.constraints ?? []).some(({ expression }) =>
        parsed(definition, expression, "constraints").names.has(name),
      );
      return isRead || dependenciesOf(definition).has(name);
    })
    .map((definition) => definition.name);
}

/** Depth first, in the order of the names, so that the same definitions always have the same order. */
function orderOf(
  definitions: ReadonlyMap<string, VariableDefinition>,
  pathOf: (name: string) => string | undefined,
): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    const start = way.indexOf(name);
    if (start >= 0) throw cycle([...way.slice(start), name], pathOf);
    way.push(name);
    const definition = definitions.get(name) as VariableDefinition;
    for (const one of [...dependenciesOf(definition)].sort()) {
      const member = definition.dependsOn?.includes(one) === true ? "dependsOn" : "expression";
      mustBeThere(definitions, one, `${pathOf(name) ?? name}.${member}`, name);
      visit(one);
    }
    way.pop();
    done.add(name);
    order.push(name);
  };
  for (const name of [...definitions.keys()].sort()) visit(name);
  return order;
}

function cycle(names: readonly string[], pathOf: (name: string) => string | undefined): DspexError {
  const path = names.map(pathOf).find((one) => one !== undefined);
  return new DspexError("invalid_inputs", `variables depend on themselves: ${names.join(" → ")}`, {
    ...(path !== undefined && { path }),
    details: { cycle: names },
  });
}

function mustBeThere(
  definitions: ReadonlyMap<string, VariableDefinition>,
  name: string,
  path: string,
  by: string,
): void {
  if (definitions.has(name)) return;
  throw new DspexError("invalid_inputs", `variable "${by}" names "${name}", and there is no such variable`, {
    path,
  });
}
