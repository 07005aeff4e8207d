// An implementation's settings with the values of the variables that it says give them. Pure.
//
//   {temperature: 0.2, variables: {temperature: "qa_temperature"}} ─▶ settingsWith ─▶ temperature = the variable's value,
//                                                                     0.2 as long as there is no such variable

import { firstProblem } from "../../schemas/envelope/check.ts";
import { DspexError } from "../../schemas/errors.ts";
import { type Implementation, implementationSchema } from "../../schemas/messages/program-event.ts";
import { quoted } from "./fits.ts";
import { isSetting } from "./setting-paths.ts";
import type { Values } from "./values.ts";

/** Names of the variables that an implementation refers to. */
export function variablesOf({ variables }: Implementation): string[] {
  return variables === undefined ? [] : [...new Set(Object.values(variables))];
}

/**
 * The implementation with values in place; itself where there are none.
 * @throws DspexError `invalid_inputs` naming variable and setting, where a value is none that the setting may have.
 */
export function settingsWith(implementation: Implementation, { values }: Values): Implementation {
  const given = Object.entries(implementation.variables ?? {}).filter(
    ([path, name]) => values.has(name) && isSetting(implementation.kind, path),
  );
  if (given.length === 0) return implementation;
  const settings: Record<string, unknown> = { ...implementation };
  for (const [path, name] of given) {
    const [setting = "", parameter] = path.split(".");
    const value = values.get(name);
    settings[setting] =
      parameter === undefined ? value : { ...(settings[setting] as object), [parameter]: value };
  }
  const parsed = implementationSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const { path, message } = firstProblem(parsed.error);
  const setting = path.split(/[.[]/)[0] ?? "";
  const name = implementation.variables?.[setting] ?? "";
  throw new DspexError(
    "invalid_inputs",
    `variable "${name}" is no ${setting} of implementation "${implementation.name}": ${quoted(values.get(name))}: ${message}`,
    { path: `variables.${name}` },
  );
}

/** What a user's own function finds under keys that are no settings. */
export function givenBy(
  { kind, variables = {} }: Implementation,
  { values }: Values,
): Record<string, unknown> {
  const given = Object.entries(variables).filter(([key, name]) => values.has(name) && !isSetting(kind, key));
  return Object.fromEntries(given.map(([key, name]) => [key, values.get(name)]));
}
