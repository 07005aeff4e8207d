// Values against zod schemas: the first problem as one typed error that says where it is, in the words that Python
// uses too (`attempts[0].error.code`).

import type { z } from "zod";
import { DspexError } from "../errors.ts";

export interface Problem {
  /** Empty for the whole value. */
  path: string;
  message: string;
}

/** `["a", 0, "b"]` → `a[0].b` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function describe(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Problem {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    return { path: pathText([...path, key]), message: `unknown member ${JSON.stringify(key)}` };
  }
  // A record's key that is not allowed: the place is the record, as the key may hold anything.
  if (issue.code === "invalid_key")
    return { path: pathText(path.slice(0, -1)), message: lowerFirst(issue.message) };
  if (issue.code === "invalid_union") {
    const fewest = Math.min(...issue.errors.map((issues) => issues.length));
    const closest = issue.errors.filter((issues) => issues.length === fewest);
    const first = closest[0]?.[0];
    // When one variant is nearer than the others, its problem is the one to name.
    if (closest.length === 1 && first !== undefined) return describe(first, path);
  }
  return { path: pathText(path), message: lowerFirst(issue.message) };
}

function lowerFirst(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1);
}

export function firstProblem(error: z.ZodError): Problem {
  const [first] = error.issues;
  return first === undefined ? { path: "", message: error.message } : describe(first, []);
}

/** `value` as the schema has it, or `invalid_inputs`. `at` = the path of `value` within what the caller sent. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown, at = ""): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = firstProblem(parsed.error);
  const separator = at === "" || path === "" || path.startsWith("[") ? "" : ".";
  const full = `${at}${separator}${path}`;
  throw new DspexError("invalid_inputs", message, full === "" ? {} : { path: full });
}
