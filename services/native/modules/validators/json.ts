// Whether a text is JSON, or has JSON in it, and whether that fits a schema.

import { readJson } from "./json-text.ts";
import { checkSchema, type JsonSchema } from "./schema.ts";
import { invalid, kindOf, VALID, type Verdict } from "./verdict.ts";

export interface JsonOptions {
  readonly want?: "object" | "list" | undefined;
  /** How it may be there: `whole` = the text is nothing else (default), `extracted` = words around it, `repaired` = broken. */
  readonly allow?: "whole" | "extracted" | "repaired" | undefined;
  readonly schema?: JsonSchema | undefined;
}

export function checkJson(value: unknown, { want, allow = "whole", schema }: JsonOptions = {}): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const found = readJson(value, { want, repair: allow === "repaired" });
  if (!found.ok) return invalid("$", found.message);
  if (allow === "whole" && found.how !== "whole") return invalid("$", "there are words around the JSON");
  return schema === undefined ? VALID : checkSchema(found.value, { schema });
}
