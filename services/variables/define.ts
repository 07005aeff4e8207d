// How an application declares variables in TypeScript. Implementations refer to them by name.
//
//   variable.float("warmth", { min: 0, max: 2, default: 0.7 })
//   structured("small", { temperature: 0.2, variables: { temperature: "warmth" } })

import type { VariableDefinition, VariableKind } from "../../schemas/messages/variable-event.ts";
import { definitionOf } from "./definition.ts";

type Settings<Kind extends VariableKind> = Omit<Extract<VariableDefinition, { kind: Kind }>, "kind" | "name">;

/** @throws DspexError `invalid_inputs` naming the setting that does not fit. */
function make<Kind extends VariableKind>(kind: Kind) {
  return (name: string, settings: Settings<Kind>): VariableDefinition =>
    definitionOf({ ...settings, name, kind }, name);
}

/** One maker for each kind. Instead of a `default` a variable may have an `expression` over others. */
export const variable = {
  float: make("float"),
  integer: make("integer"),
  choice: make("choice"),
  boolean: make("boolean"),
  string: make("string"),
  /** Which implementation, or which DSPy module. */
  module: make("module"),
  prompt: make("prompt"),
  demos: make("demos"),
} as const;
