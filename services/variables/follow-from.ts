// What follows from given values: those that are computed from them, each once and in order; and whether everything
// that must hold still does. Pure.

import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { at } from "./definition.ts";
import { evaluateExpression } from "./expression/evaluate.ts";
import { checkValue, quoted } from "./fits.ts";
import { type Constraint, type Derived, dependenciesOf, type Graph } from "./graph.ts";

export function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === "object" && typeof b === "object" && canonicalJson(a) === canonicalJson(b));
}

/**
 * Computes into `values` what follows from those of `given`, which are in it already.
 * @param pathOf where the caller's message gives this one.
 * @returns names of all that changed, the given ones among them.
 * @throws DspexError `invalid_inputs`: what follows is out of its bounds, or a constraint does not hold.
 */
export function followFrom(
  graph: Graph,
  values: Map<string, unknown>,
  given: ReadonlySet<string>,
  pathOf: (name: string) => string,
): Set<string> {
  const changed = new Set(given);
  for (const n of concerned(graph, given)) {
    const { definition, expression } = graph.derived[n] as Derived;
    const { name } = definition;
    if (!given.has(name) && !touches(expression.names, changed)) continue;
    const path = pathOf(originOf(graph, [name], given));
    const value = at(path, `variable "${name}"`, () =>
      evaluateExpression(expression, (one) => values.get(one)),
    );
    checkValue(definition, value, path);
    if (isSame(value, values.get(name))) continue;
    values.set(name, value);
    changed.add(name);
  }
  const atStake = new Set([...changed].flatMap((name) => graph.readers.get(name)?.constraints ?? []));
  for (const n of inOrder(atStake)) {
    const constraint = graph.constraints[n] as Constraint;
    const names = [constraint.owner, ...constraint.expression.names];
    mustHold(constraint, values, pathOf(originOf(graph, names, given)));
  }
  return changed;
}

/** Places of all that may follow from these, in the order in which it follows. */
function concerned(graph: Graph, given: ReadonlySet<string>): number[] {
  const found = new Set<number>();
  const ahead = [...given];
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    for (const n of graph.readers.get(name)?.derived ?? []) {
      if (found.has(n)) continue;
      found.add(n);
      ahead.push((graph.derived[n] as Derived).definition.name);
    }
  }
  return inOrder(found);
}

function inOrder(places: ReadonlySet<number>): number[] {
  return [...places].sort((a, b) => a - b);
}

function mustHold(
  { owner, expression, message }: Constraint,
  values: ReadonlyMap<string, unknown>,
  path: string,
): void {
  const what = `a constraint of variable "${owner}"`;
  if (at(path, what, () => evaluateExpression(expression, (name) => values.get(name))) === true) return;
  const now = [...expression.names].map((name) => `${name} = ${quoted(values.get(name))}`);
  const why = message === undefined ? "" : `${message}: `;
  throw new DspexError(
    "invalid_inputs",
    `${what} does not hold: ${why}${expression.text}, with ${now.join(", ")}`,
    {
      path,
      details: { variable: owner, constraint: expression.text },
    },
  );
}

/** The given one that these follow from. */
function originOf(graph: Graph, names: readonly string[], given: ReadonlySet<string>): string {
  const seen = new Set<string>();
  const ahead = [...names];
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (given.has(name)) return name;
    const definition = graph.definitions.get(name);
    if (seen.has(name) || definition === undefined) continue;
    seen.add(name);
    ahead.push(...dependenciesOf(definition));
  }
  return given.values().next().value ?? names[0] ?? "";
}

function touches(names: ReadonlySet<string>, changed: ReadonlySet<string>): boolean {
  for (const name of names) if (changed.has(name)) return true;
  return false;
}
