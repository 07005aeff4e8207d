// How zod's schemas are looked into, and how one that a signature cannot say is refused.

import type { z } from "zod";
import { SignatureError } from "./signature-error.ts";

export type AnyZod = z.core.$ZodType;
export type ZodDefinition = z.core.$ZodTypes["_zod"]["def"];
/** A check's definition; which members there are depends on `check`. */
export interface CheckDefinition {
  check: string;
  [member: string]: unknown;
}

export function definitionOf(schema: AnyZod): ZodDefinition {
  return (schema as z.core.$ZodTypes)._zod.def;
}

/** The checks of a schema; `z.int()` and `z.email()` are checks themselves. */
export function checksOf(def: ZodDefinition): CheckDefinition[] {
  if ("coerce" in def && def.coerce === true) return [{ check: "coerce" }];
  const own = "check" in def ? [def as unknown as CheckDefinition] : [];
  return [...own, ...(def.checks ?? []).map((check) => check._zod.def as unknown as CheckDefinition)];
}

export function refuseZod(path: string, what: string): never {
  throw new SignatureError(`zod schema at ${path}: ${what}`, 0, path);
}

export function refuseCheck(path: string, check: CheckDefinition): never {
  const format = check.check === "string_format" || check.check === "number_format" ? `${check.format}` : "";
  return refuseZod(path, `a signature cannot say the check "${format === "" ? check.check : format}"`);
}

export function refuseChecks(def: ZodDefinition, path: string): void {
  const [first] = checksOf(def);
  if (first !== undefined) refuseCheck(path, first);
}
