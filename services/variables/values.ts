// The reading side, for whoever folds variable events and takes decisions: the values that are in force, those of one
// request that overrides some, and an implementation's settings with values where it names variables. Pure.
//
//   VariablesState ─▶ valuesOf ──────────────────┐
//   request's `variables` ─▶ resolve (in bounds) ┴─▶ settingsWith(implementation) ─▶ work; recordOf ─▶ decision, result

import { createHash } from "node:crypto";
import { canonicalJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { find } from "./decide.ts";
import { checkValue } from "./fits.ts";
import { followFrom } from "./follow-from.ts";
import { dependenciesOf } from "./graph.ts";
import { graphOfState } from "./graph-of-state.ts";
import type { VariablesState } from "./state.ts";

export interface Values {
  /** Of the last event that changed a value: two decisions with the same one had the same values. */
  sequence: number;
  values: ReadonlyMap<string, unknown>;
  versions: ReadonlyMap<string, number>;
  /** Names whose values are this request's own, or follow from them. */
  overridden: ReadonlySet<string>;
}

/** A larger value, as JSON, is told by its hash where decisions and results record it. */
const MAX_RECORDED = 256;

const current = new WeakMap<VariablesState, Values>();

/** The values in force, the same object until one changes. */
export function valuesOf(state: VariablesState): Values {
  const known = current.get(state);
  if (known !== undefined && known.sequence === state.changedSequence) return known;
  const all = [...state.variables];
  const values: Values = {
    sequence: state.changedSequence,
    values: new Map(all.map(([name, { value }]) => [name, value])),
    versions: new Map(all.map(([name, { version }]) => [name, version])),
    overridden: new Set(),
  };
  current.set(state, values);
  return values;
}

/**
 * The values for one request. Deprecated variables may still be overridden: who asked so yesterday may ask so today.
 * @throws DspexError `invalid_inputs` with the path `variables.<name>`.
 */
export function resolve(
  state: VariablesState,
  overrides: Readonly<Record<string, unknown>> | undefined,
): Values {
  const now = valuesOf(state);
  const names = Object.keys(overrides ?? {});
  if (overrides === undefined || names.length === 0) return now;
  const pathOf = (name: string) => `variables.${name}`;
  const values = new Map(now.values);
  for (const name of names) {
    const { definition } = known(state, name, pathOf(name));
    if (definition.expression !== undefined)
      throw new DspexError(
        "invalid_inputs",
        `variable "${name}" is computed from ${[...dependenciesOf(definition)].join(", ")}: override these`,
        { path: pathOf(name) },
      );
    checkValue(definition, overrides[name], pathOf(name));
    values.set(name, overrides[name]);
  }
  const overridden = followFrom(graphOfState(state), values, new Set(names), pathOf);
  return { sequence: now.sequence, values, versions: now.versions, overridden };
}

/** In a request it is the request that does not fit. */
function known(state: VariablesState, name: string, path: string) {
  try {
    return find(state, name, path);
  } catch (error) {
    throw new DspexError("invalid_inputs", (error as Error).message, { path, cause: error });
  }
}

/** The values of these names as work carries them. */
export function pick({ values }: Values, names: Iterable<string>): Record<string, unknown> {
  return Object.fromEntries(
    [...names].flatMap((name) => (values.has(name) ? [[name, values.get(name)]] : [])),
  );
}

/** The same as decisions and results record it: of a large value its version, or its hash where it is the request's. */
export function recordOf(values: Values, names: Iterable<string>): Record<string, unknown> {
  const recorded = Object.entries(pick(values, names)).map(([name, value]) => {
    const json = canonicalJson(value);
    if (json.length <= MAX_RECORDED) return [name, value];
    const sha256 = createHash("sha256").update(json).digest("hex");
    const version = values.overridden.has(name) ? undefined : values.versions.get(name);
    return [name, { $variable: name, ...(version !== undefined && { version }), sha256 }];
  });
  return Object.fromEntries(recorded);
}
