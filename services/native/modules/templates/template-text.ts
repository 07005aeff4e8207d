// What a value looks like in a template's output: texts as they are, nothing for null, everything else as JSON; and
// how it is escaped for what the output is to be.

import { canonicalJsonChecked, stringifyChecked } from "../../../../schemas/envelope/json.ts";

export const TEMPLATE_TARGETS = ["text", "html", "xml", "json", "markdown"] as const;
export type TemplateTarget = (typeof TEMPLATE_TARGETS)[number];

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};
/** What XML 1.0 may not have, not even as a reference. */
const NOT_XML = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const MARKDOWN = /[\\`*_{}[\]<>()#+\-.!|~&=$^]/g;
const LINE_BREAKS = /[ \t]*(?:\r\n|[\r\n\v\f\u0085\u2028\u2029])\s*/g;
/** Ends a script element, or a line in older engines. */
const UNSAFE_IN_SCRIPTS = /[<>&\u2028\u2029]/g;

export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : stringifyChecked(value);
}

/**
 * `text`: as it is. `html`, `xml`: entities. `json`: a whole JSON value, its quotes included. `markdown`: a piece of a
 * line in which nothing has a meaning.
 */
export function escapeFor(target: TemplateTarget, value: unknown): string {
  switch (target) {
    case "text":
      return textOf(value);
    case "html":
      return escapeEntities(textOf(value));
    case "xml":
      return escapeEntities(textOf(value).replace(NOT_XML, "\ufffd"));
    case "json":
      return stringifyChecked(value ?? null).replace(UNSAFE_IN_SCRIPTS, asUnicodeEscape);
    case "markdown":
      return textOf(value).replace(LINE_BREAKS, " ").replace(MARKDOWN, "\\$&");
    default:
      return target satisfies never;
  }
}

/** The one text of a value, by which values are told apart. */
export function keyOf(value: unknown): string {
  return canonicalJsonChecked(value ?? null);
}

function escapeEntities(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}

function asUnicodeEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
