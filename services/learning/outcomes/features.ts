// What a decision records of the request that it was taken for: enough to fold its outcome without looking anywhere
// else. All of the analysis can be computed again from the request itself.

import { type Place, placeSchema } from "../../../schemas/messages/parts.ts";

/** A new version that was tried beside the one in use when the request was decided. */
export interface CanaryFeature {
  version: string;
  /** Probability with which the request went to it; 0 = it could not take it. */
  share: number;
  taken: boolean;
  /** Its implementations that could have been chosen. */
  arms: readonly string[];
}

export interface DecisionFeatures {
  program: string;
  /** Rule and version of the rules by which it was chosen, such as `thompson/1`. */
  rule: string;
  /** Where the outcome belongs. */
  place: Place;
  /** 0 to 1, as `analyseTask` found it. */
  complexity: number;
  /** The pool that the analysis recommends. */
  pool: string;
  prefer?: "speed" | "quality" | "cost";
  /** As the request asked; absent if it did not. */
  deadlineMs?: number;
  /** The request named its implementation, or a variable did: chance had no part in it. */
  pinned?: true;
  /** The variable. */
  pinnedBy?: string;
  /** The request brought values of variables: what comes of it says little of those in force. */
  overridden?: true;
  /** Candidates are then those of the version that the request went to. */
  canary?: CanaryFeature;
  /** Set where the decision followed an earlier attempt of the same request. */
  step?: "retry" | "fallback" | "hedge";
  /** Code of the error that it followed. */
  after?: string;
  /** Age of the first attempt when a second one was started beside it, ms. */
  afterMs?: number;
  /** Where the outcome of the attempt belongs that it was started beside. */
  beside?: Place;
}

/** The attempt that a hedge was started beside; undefined of every other decision. */
export interface Overtaken {
  program: string;
  place: Place;
  afterMs: number;
  deadlineMs: number | undefined;
}

export function overtakenBy(features: Record<string, unknown>): Overtaken | undefined {
  const { program, step, afterMs, beside, deadlineMs } = features;
  if (step !== "hedge" || typeof program !== "string" || typeof afterMs !== "number") return undefined;
  const place = placeSchema.safeParse(beside);
  if (!place.success) return undefined;
  return {
    program,
    place: place.data,
    afterMs,
    deadlineMs: typeof deadlineMs === "number" ? deadlineMs : undefined,
  };
}

/**
 * Of a decision that chance has taken, with the values in force; undefined for retries, fallbacks, named implementations,
 * requests with values of their own, and what is not ours.
 */
export function freeFeatures(features: Record<string, unknown>): DecisionFeatures | undefined {
  const { program, place, step, pinned, overridden } = features;
  if (step !== undefined || pinned !== undefined || overridden !== undefined) return undefined;
  if (typeof program !== "string") return undefined;
  return placeSchema.safeParse(place).success ? (features as unknown as DecisionFeatures) : undefined;
}
