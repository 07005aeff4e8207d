// Walks a request's inputs: sizes of everything, and which texts to read. Up to 2 KiB all is read; of more, windows that
// are spread evenly over it, so that the time does not grow with the input.

import { counts, scanText } from "./scan.ts";

/** UTF-16 units that are read at most. */
const READ_UNITS = 2_048;
const WINDOWS_PER_TEXT = 4;
const LEAST_WINDOW = 64;
/** Values that are looked at; in what has more, the rest counts as much as those. */
const MAX_VALUES = 512;
const SCALAR_BYTES = 8;

export interface Walk {
  /** Texts in order of appearance. */
  texts: string[];
  units: number;
  /** Bytes of what is not text, referenced values included. */
  otherBytes: number;
  values: number;
  /** Longest list of `{inputs, outputs}` pairs. */
  history: number;
  images: number;
}

export function walkInputs(inputs: Record<string, unknown>): Walk {
  const walk: Walk = { texts: [], units: 0, otherBytes: 0, values: 0, history: 0, images: 0 };
  visit(inputs, walk);
  return walk;
}

/** Reads the texts, or a fair part of them, into `counts`; tells the bytes of all of them. */
export function readTexts({ texts, units }: Walk): number {
  for (const text of texts) {
    if (units <= READ_UNITS) scanText(text, 0, text.length);
    else readWindows(text, Math.floor((text.length / units) * READ_UNITS));
  }
  if (counts.units === 0) return units;
  return units <= READ_UNITS ? counts.bytes : Math.round((units / counts.units) * counts.bytes);
}

function readWindows(text: string, budget: number): void {
  const windows = Math.max(1, Math.min(WINDOWS_PER_TEXT, Math.floor(budget / LEAST_WINDOW)));
  const size = Math.min(text.length, Math.max(LEAST_WINDOW, Math.floor(budget / windows)));
  for (let at = 0; at < windows; at++) {
    const start = windows === 1 ? 0 : Math.floor((at * (text.length - size)) / (windows - 1));
    scanText(text, start, start + size);
  }
}

function visit(value: unknown, walk: Walk): void {
  walk.values++;
  if (typeof value === "string") {
    walk.texts.push(value);
    walk.units += value.length;
  } else if (typeof value !== "object" || value === null) {
    walk.otherBytes += SCALAR_BYTES;
  } else if (Array.isArray(value)) {
    visitList(value, walk);
  } else {
    visitObject(value as Record<string, unknown>, walk);
  }
}

function visitList(list: readonly unknown[], walk: Walk): void {
  const [first] = list;
  if (typeof first === "object" && first !== null && "inputs" in first && "outputs" in first) {
    walk.history = Math.max(walk.history, list.length);
  }
  for (const [at, item] of list.entries()) {
    if (walk.values >= MAX_VALUES) {
      walk.otherBytes += (list.length - at) * SCALAR_BYTES;
      return;
    }
    visit(item, walk);
  }
}

function visitObject(object: Record<string, unknown>, walk: Walk): void {
  if (object.$image !== undefined) walk.images++;
  const reference = object.$ref as { sizeBytes?: unknown } | undefined;
  if (typeof reference?.sizeBytes === "number") {
    walk.otherBytes += reference.sizeBytes;
    return;
  }
  if (typeof object.$bytes === "string") {
    walk.otherBytes += object.$bytes.length;
    return;
  }
  for (const name in object) {
    if (walk.values >= MAX_VALUES) return;
    visit(object[name], walk);
  }
}
