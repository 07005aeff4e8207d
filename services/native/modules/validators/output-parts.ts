// The parts of outputs that a path leads to: `answer`, `lines[0].text`, or with `[]` one for each item.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";

export type PathStep = string | number | typeof EACH;
export const EACH = Symbol("each item");

export interface OutputPart {
  /** From `$`, as verdicts have them. */
  readonly path: string;
  /** Undefined = a list is too short to have it. */
  readonly value: unknown;
}

const STEP = /([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]*)\]/g;

/** Of a path as definitions have it. */
export function pathSteps(path: string): PathStep[] {
  return Array.from(path.matchAll(STEP), ([, name, index]): PathStep => {
    if (name !== undefined) return name;
    return index === "" ? EACH : Number(index);
  });
}

/** None where there is nothing to look at: an optional value that is not there, a list without items. */
export function partsAt(outputs: unknown, steps: readonly PathStep[]): OutputPart[] {
  let parts: OutputPart[] = [{ path: "$", value: outputs }];
  for (const step of steps) parts = parts.flatMap((part) => next(part, step));
  return parts.filter(({ value }) => value !== null);
}

function next({ path, value }: OutputPart, step: PathStep): OutputPart[] {
  if (value === null) return [];
  if (typeof step === "string") {
    const isThere = isPlainObject(value) && Object.hasOwn(value, step);
    return isThere ? [{ path: `${path}.${step}`, value: value[step] }] : [];
  }
  if (!Array.isArray(value)) return [];
  if (step === EACH) return value.map((item, at) => ({ path: `${path}[${at}]`, value: item }));
  return [{ path: `${path}[${step}]`, value: value[step] }];
}
