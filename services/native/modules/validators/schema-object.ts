// A JSON Schema before it is compiled, and what is said where it is none.

import { DspexError } from "../../../../schemas/errors.ts";
import type { SchemaCheck } from "./schema-run.ts";

export type SchemaObject = Readonly<Record<string, unknown>>;
/** Compiles the schema that stands at a place, such as `#/properties/name`. */
export type CompileSub = (schema: unknown, where: string) => SchemaCheck;

export function misfit(message: string, where: string): DspexError {
  return new DspexError("invalid_inputs", `schema: ${message} at ${where}`, { path: "schema" });
}

/** A number of things, of a keyword. */
export function sizeOf(schema: SchemaObject, keyword: string, where: string): number | undefined {
  const size = schema[keyword];
  if (size === undefined) return undefined;
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw misfit(`${keyword} is a whole number from 0 on`, where);
  return size as number;
}
