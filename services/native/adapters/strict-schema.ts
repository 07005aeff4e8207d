// The JSON Schema that goes to a provider, and whether it may be called strict. Pure.

import type { JSONSchema7 } from "ai";
import { outputsToJsonSchema, type Signature, type Type } from "../../../schemas/signature/mod.ts";

export interface ProviderSchema {
  schema: JSONSchema7;
  /** Strict mode of hosted models wants every object closed; open ones are refused there, not ignored. */
  isStrict: boolean;
}

const made = new WeakMap<Signature, ProviderSchema>();

export function providerSchema(signature: Signature): ProviderSchema {
  let known = made.get(signature);
  if (known === undefined) {
    known = {
      schema: withoutBigints(outputsToJsonSchema(signature)) as JSONSchema7,
      isStrict: signature.outputs.every(({ type }) => isClosed(type)),
    };
    made.set(signature, known);
  }
  return known;
}

function isClosed(type: Type): boolean {
  switch (type.kind) {
    case "dict":
    case "any":
    case "history":
      return false;
    case "list":
      return isClosed(type.items);
    case "optional":
      return isClosed(type.of);
    case "object":
      return type.fields.every((field) => isClosed(field.type));
    default:
      return true;
  }
}

/** The SDK writes plain JSON. A bound that loses digits is only a hint here: outputs are checked against the exact one. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutBigints(member)]));
}
