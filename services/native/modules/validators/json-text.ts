// JSON in what a model wrote: as it is, with words around it, or broken in one of the usual ways (quotes, commas, comments,
// Python's constants, a missing end) and repaired by jsonrepair.

import { jsonrepair } from "jsonrepair";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import { isPlainObject, MAX_JSON_DEPTH } from "../../../../schemas/envelope/json-value.ts";
import type { Span } from "../text/spans.ts";
import { jsonCandidates } from "./json-candidates.ts";

export interface JsonTextOptions {
  /** What is looked for; absent = either, and a single value where the text is nothing else. */
  readonly want?: "object" | "list" | undefined;
  /** Whether broken JSON is repaired (default), or only what is JSON taken. */
  readonly repair?: boolean | undefined;
}

/** `whole` = the text is JSON, `extracted` = a part of it is, `repaired` = a part of it was nearly. */
export type FoundJson =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly how: "whole" | "extracted" | "repaired";
      readonly span: Span;
    }
  | { readonly ok: false; readonly message: string };

/** Repairing takes time quadratic in what is broken: longer texts must be JSON already. */
const MAX_REPAIRED = 65_536;
/** Parts of a text that are tried. */
const MAX_CANDIDATES = 20;

/** The first of: the text, its fenced blocks, its longest part between brackets. */
export function readJson(text: string, { want, repair = true }: JsonTextOptions = {}): FoundJson {
  const whole = parsed(text.trim());
  if (whole !== undefined && isWanted(whole.value, want))
    return { ok: true, value: whole.value, how: "whole", span: { start: 0, end: text.length } };
  let problem = "there is no JSON in the text";
  for (const { start, end } of jsonCandidates(text).slice(0, MAX_CANDIDATES)) {
    const part = text.slice(start, end);
    const strict = parsed(part);
    if (strict === undefined) problem = "the text has only broken JSON";
    const found = strict ?? (repair ? repaired(part) : undefined);
    if (found === undefined || !isWanted(found.value, want)) continue;
    const how = strict === undefined ? "repaired" : "extracted";
    return { ok: true, value: found.value, how, span: { start, end } };
  }
  return { ok: false, message: want === undefined ? problem : `${problem}: expected ${WANTED[want]}` };
}

const WANTED = { object: "an object", list: "a list" };

function isWanted(value: unknown, want: JsonTextOptions["want"]): boolean {
  if (want === undefined) return true;
  return want === "list" ? Array.isArray(value) : isPlainObject(value);
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: parseJson(text) };
  } catch {
    return undefined;
  }
}

function repaired(text: string): { value: unknown } | undefined {
  if (text.length > MAX_REPAIRED || isNestedTooDeep(text)) return undefined;
  try {
    return parsed(jsonrepair(text));
  } catch {
    return undefined;
  }
}

/** Counts brackets in strings, too: what has that many of them is no answer. */
function isNestedTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x7b || unit === 0x5b || unit === 0x28) depth++;
    else if (unit === 0x7d || unit === 0x5d || unit === 0x29) depth--;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}
