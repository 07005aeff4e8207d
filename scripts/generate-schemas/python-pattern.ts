// Regular expressions of JavaScript as Python means them: `$` must not match before a last newline, and classes such
// as `\d` are ASCII.

import { z } from "zod";

function translated(pattern: string): string {
  const ends = pattern.replace(/\$$/, "\\Z");
  return /\\[dwsb]/i.test(ends.replaceAll("\\Z", "")) ? `(?a)${ends}` : ends;
}

export function pythonPattern(pattern: string): string {
  const text = translated(pattern);
  return text.includes('"') ? JSON.stringify(text) : `r"${text}"`;
}

/** zod's own pattern for RFC 3339 is longer than a line. */
export function dateTimePattern(): string {
  const pattern = (z.toJSONSchema(z.iso.datetime({ offset: true })) as { pattern: string }).pattern;
  const pieces = translated(pattern).match(/(?:\\.|[^\\]){1,60}/g) ?? [];
  return [
    "Annotated[",
    "    str,",
    "    Meta(",
    "        pattern=(",
    ...pieces.map((p) => `            r"${p}"`),
    "        )",
    "    ),",
    "]",
  ].join("\n");
}
