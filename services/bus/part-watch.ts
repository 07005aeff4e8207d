// Where the time of an attempt goes: laps of one clock that nobody sets, each counted to a part.

import { roundMs } from "../../schemas/messages/ms.ts";
import type { Attempt } from "../../schemas/messages/parts.ts";
import type { ResultTimings } from "../../schemas/messages/result.ts";

export interface AttemptParts {
  /** Waited for a slot or a thread. */
  waitMs: number;
  /** Read messages and values. */
  decodeMs: number;
  /** At least one call of a model was under way. */
  modelMs: number;
  /** The function or the adapter, without its calls of models. */
  codeMs: number;
  /** Checked the outputs. */
  validateMs: number;
}

export class PartWatch implements AttemptParts {
  waitMs = 0;
  decodeMs = 0;
  modelMs = 0;
  codeMs = 0;
  validateMs = 0;
  #lapAt: number;

  constructor(startedAt = performance.now()) {
    this.#lapAt = startedAt;
  }

  /** What has passed since the lap before was this part's. */
  lap(part: keyof AttemptParts): void {
    const now = performance.now();
    this[part] += now - this.#lapAt;
    this.#lapAt = now;
  }

  /** What has passed since the lap before was no part's. */
  skip(): void {
    this.#lapAt = performance.now();
  }

  /** So much of the one part was the other's. */
  move(ms: number, from: keyof AttemptParts, to: keyof AttemptParts): void {
    this[from] -= ms;
    this[to] += ms;
  }
}

type ToldParts = Omit<ResultTimings, "queueMs" | "routeMs" | "runMs" | "totalMs">;

/** As a result's timings tell them; `before`: the attempts that failed. Without `parts` no attempt answered. */
export function toldParts(
  parts: AttemptParts | undefined,
  before: readonly Pick<Attempt, "durationMs">[],
): ToldParts {
  const told: ToldParts = {};
  if (before.length > 0) told.failedMs = roundMs(before.reduce((sum, one) => sum + one.durationMs, 0));
  if (parts === undefined) return told;
  const { waitMs, decodeMs, modelMs, codeMs, validateMs } = parts;
  if (waitMs > 0) told.waitMs = roundMs(waitMs);
  told.decodeMs = roundMs(decodeMs);
  told.validateMs = roundMs(validateMs);
  if (modelMs > 0) told.modelMs = roundMs(modelMs);
  // What is left of a measured time: a clock's grain may leave less than nothing.
  told.codeMs = roundMs(Math.max(codeMs, 0));
  return told;
}
