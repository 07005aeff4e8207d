// Personal data in texts: found, told with its place, and taken out.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { codePointPlaces } from "../text/characters.ts";
import type { Span } from "../text/spans.ts";
import { DETECTORS, PII_KINDS, type PiiKind } from "./pii-kinds.ts";
import { textsIn } from "./texts-in.ts";
import { MAX_PROBLEMS, type Problem, type Verdict, verdictOf } from "./verdict.ts";

export interface PiiOptions {
  /** Absent = all kinds. */
  readonly kinds?: readonly PiiKind[] | undefined;
  /** What may be there, exactly as written: an address of one's own. */
  readonly allow?: readonly string[] | undefined;
}

export interface Pii {
  readonly kind: PiiKind;
  readonly span: Span;
}

export interface LocatedPii {
  readonly path: string;
  readonly kind: PiiKind;
  readonly start: number;
  readonly end: number;
}

interface Place {
  kind: PiiKind;
  start: number;
  end: number;
}

/** Messages name the kind, never the value: verdicts are kept in logs. */
const NAMES: Record<PiiKind, string> = {
  email: "an e-mail address",
  iban: "an account number (IBAN)",
  card: "a card number",
  ssn: "a social security number",
  ip: "an IP address",
  phone: "a phone number",
};

/** Any JSON value: of lists and objects all texts are looked at. */
export function checkPii(value: unknown, options: PiiOptions = {}): Verdict {
  const problems = textsIn(value).flatMap(({ path, text }): Problem[] =>
    findPii(text, options).map(({ kind, span }) => ({ path, message: `contains ${NAMES[kind]}`, span })),
  );
  return verdictOf(problems);
}

/** In the order of the text. */
export function findPii(text: string, options: PiiOptions = {}): Pii[] {
  return placesIn(text, options).map(({ kind, start, end }) => ({ kind, span: { start, end } }));
}

/** In all texts of a value, places in code points: as they travel. At most as many as a verdict has problems. */
export function locatePii(value: unknown, options: PiiOptions = {}): LocatedPii[] {
  const found: LocatedPii[] = [];
  for (const { path, text } of textsIn(value)) {
    const place = codePointPlaces(text);
    for (const { kind, span } of findPii(text, options)) {
      if (found.length === MAX_PROBLEMS) return found;
      found.push({ path, kind, start: place(span.start), end: place(span.end) });
    }
  }
  return found;
}

/** The value with `[EMAIL]`, `[CARD]` and so on in place of what was found. */
export function redactPii<Value>(value: Value, options: PiiOptions = {}): Value {
  return redacted(value, options) as Value;
}

function redacted(value: unknown, options: PiiOptions): unknown {
  if (typeof value === "string") return redactedText(value, options);
  if (Array.isArray(value)) return value.map((item) => redacted(item, options));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, redacted(member, options)]));
}

function redactedText(text: string, options: PiiOptions): string {
  let at = 0;
  let clean = "";
  for (const { kind, start, end } of placesIn(text, options)) {
    clean += `${text.slice(at, start)}[${kind.toUpperCase()}]`;
    at = end;
  }
  return clean + text.slice(at);
}

function placesIn(text: string, { kinds = PII_KINDS, allow = [] }: PiiOptions): Place[] {
  const taken: Place[] = [];
  for (const kind of PII_KINDS) {
    if (!kinds.includes(kind)) continue;
    const { pattern, length } = DETECTORS[kind];
    const found: Place[] = [];
    for (const { 0: candidate, index: start } of text.matchAll(pattern)) {
      const end = start + length(candidate);
      if (end > start && !allow.includes(text.slice(start, end))) found.push({ kind, start, end });
    }
    merge(taken, found);
  }
  return taken;
}

/** Adds those that touch none of what is taken; both are sorted. */
function merge(taken: Place[], found: readonly Place[]): void {
  const free: Place[] = [];
  let at = 0;
  for (const place of found) {
    while (at < taken.length && (taken[at] as Place).end <= place.start) at++;
    const next = taken[at];
    if (next === undefined || next.start >= place.end) free.push(place);
  }
  if (free.length === 0) return;
  taken.push(...free);
  taken.sort((a, b) => a.start - b.start);
}
