// What was read for a decision, and what it lacks: references to large values are followed, paths go into values. Pure.

import { referenceSchema } from "../../../schemas/messages/reference.ts";
import { type Loaded, MissingValues, type Need, needKey } from "./needs.ts";

export class ValueReader {
  readonly #loaded: Loaded;
  readonly #needs = new Map<string, Need>();

  constructor(loaded: Loaded) {
    this.#loaded = loaded;
  }

  /** Something was missing: what follows from it is not to be believed. */
  get lacks(): boolean {
    return this.#needs.size > 0;
  }

  /** What was missing, at once; afterwards nothing is. */
  takeMissing(): MissingValues {
    const needs = [...this.#needs.values()];
    this.#needs.clear();
    return new MissingValues(needs);
  }

  /** Null where it has to be read first. @throws why it is not there */
  read(need: Need): unknown {
    const key = needKey(need);
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      this.#needs.set(key, need);
      return null;
    }
    if (loaded instanceof Error) throw loaded;
    return loaded;
  }

  /** What a reference to a large value stands for. */
  expand(value: unknown): unknown {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, "$ref")) return value;
    const parsed = referenceSchema.safeParse(value);
    return parsed.success ? this.read({ reference: parsed.data.$ref }) : value;
  }

  /** The member at the end of the path; null where there is none. */
  at(value: unknown, path: readonly string[]): unknown {
    let at = value;
    for (const part of path) {
      at = this.expand(at);
      if (Array.isArray(at)) at = isPosition(part) ? at[Number(part)] : undefined;
      else at = own(at, part);
    }
    return at ?? null;
  }
}

export function isPosition(part: string | undefined): part is string {
  return part !== undefined && /^[0-9]{1,9}$/.test(part);
}

export function own(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null;
}
