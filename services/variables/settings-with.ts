// An implementation's settings with the values of the variables that they name: `{"$variable": "<name>"}` stands for a
// value of `temperature`, `maxTokens`, `model`, `prompt`, `demos`, `module`, … or anywhere in `parameters`. Pure.

import { firstProblem } from "../../schemas/envelope/check.ts";
import { DspexError } from "../../schemas/errors.ts";
import { type Implementation, implementationSchema } from "../../schemas/messages/program-event.ts";
import { type VariableRef, variableRefSchema } from "../../schemas/messages/variable-event.ts";
import type { Values } from "./values.ts";

/** What an implementation is, which no variable changes. */
const FIXED: ReadonlySet<string> = new Set([
  "name",
  "kind",
  "pool",
  "entry",
  "inline",
  "lastResort",
  "capabilities",
  "calibration",
  "tools",
]);

/** An implementation as it is registered: any setting may be a reference. */
export interface Declared {
  readonly name: string;
  readonly kind: Implementation["kind"];
}

const NONE: readonly string[] = Object.freeze([]);
/** Definitions never change, so what they name is found once. */
const found = new WeakMap<Declared, readonly string[]>();
const settled = new WeakMap<Declared, WeakMap<Values, Implementation>>();

/** Names of the variables that an implementation's settings refer to. */
export function variablesOf(implementation: Declared): readonly string[] {
  let names = found.get(implementation);
  if (names === undefined) {
    const all = new Set<string>();
    mapSettings(implementation, ({ $variable }) => all.add($variable));
    names = all.size === 0 ? NONE : [...all].sort();
    found.set(implementation, names);
  }
  return names;
}

/**
 * The implementation with values for its references; itself where it has none.
 * @throws DspexError `invalid_inputs` with the path of the setting: no such variable, or a value that does not fit it.
 */
export function settingsWith(implementation: Declared, values: Values): Implementation {
  if (variablesOf(implementation).length === 0) return implementation as Implementation;
  let known = settled.get(implementation);
  if (known === undefined) {
    known = new WeakMap();
    settled.set(implementation, known);
  }
  let result = known.get(values);
  if (result === undefined) {
    result = settle(implementation, values);
    known.set(values, result);
  }
  return result;
}

function settle(implementation: Declared, { values }: Values): Implementation {
  const names = new Map<string, string>();
  const resolved = mapSettings(implementation, ({ $variable }, setting) => {
    names.set(setting, $variable);
    if (values.has($variable)) return values.get($variable);
    throw new DspexError(
      "invalid_inputs",
      `implementation "${implementation.name}" refers to variable "${$variable}", which is not registered`,
      { path: setting },
    );
  });
  const parsed = implementationSchema.safeParse(resolved);
  if (parsed.success) return parsed.data;
  const { path, message } = firstProblem(parsed.error);
  const setting = path.split(/[.[]/)[0] ?? "";
  const name = names.get(path) ?? names.get(setting) ?? [...names.values()].join(", ");
  throw new DspexError(
    "invalid_inputs",
    `implementation "${implementation.name}": variable "${name}" is no ${path}: ${message}`,
    { path },
  );
}

type Replace = (reference: VariableRef, setting: string) => unknown;

function mapSettings(implementation: Declared, replace: Replace): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(implementation).map(([setting, value]) => {
      if (FIXED.has(setting)) return [setting, value];
      if (isReference(value)) return [setting, replace(value, setting)];
      return [setting, setting === "parameters" ? mapInside(value, replace, setting) : value];
    }),
  );
}

function mapInside(value: unknown, replace: Replace, path: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isReference(value)) return replace(value, path);
  if (Array.isArray(value)) return value.map((item, n) => mapInside(item, replace, `${path}[${n}]`));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, mapInside(member, replace, `${path}.${key}`)]),
  );
}

function isReference(value: unknown): value is VariableRef {
  return (
    typeof value === "object" &&
    value !== null &&
    "$variable" in value &&
    variableRefSchema.safeParse(value).success
  );
}
