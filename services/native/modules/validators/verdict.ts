// What every validator says of a value.

import type { Span } from "../text/spans.ts";

export interface Problem {
  /** `$` is the value itself, `$.answer.lines[2]` a part of it. */
  readonly path: string;
  readonly message: string;
  /** Where in the text at `path`, for `text.slice(start, end)`. */
  readonly span?: Span;
}

export interface Verdict {
  readonly valid: boolean;
  /** Share of what was looked at that is right; absent where there was nothing to look at. */
  readonly score?: number;
  readonly problems: readonly Problem[];
}

/** Of a hostile value nobody wants ten thousand problems. */
export const MAX_PROBLEMS = 100;
const MAX_QUOTED = 80;

export const VALID: Verdict = { valid: true, problems: [] };

export function verdictOf(problems: readonly Problem[], score?: number): Verdict {
  return {
    valid: problems.length === 0,
    ...(score !== undefined && { score }),
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

export function invalid(path: string, message: string): Verdict {
  return { valid: false, problems: [{ path, message }] };
}

/** `right` of `all`; nothing where there was none. */
export function shareOf(right: number, all: number): number | undefined {
  return all === 0 ? undefined : right / all;
}

/** A value's kind as messages name it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
    case "bigint":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "object";
  }
}

/** A text as messages quote it: in JSON, the front of it. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_QUOTED + 2)];
  const isLong = characters.length > MAX_QUOTED;
  return JSON.stringify(isLong ? `${characters.slice(0, MAX_QUOTED).join("")}…` : text);
}

export function memberPath(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
