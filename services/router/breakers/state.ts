// What has failed too often of late, by key: a model, a pool, an implementation. Only what has failed is remembered, so
// a healthy system has none of these. Owned by one fold, which changes it in place.

export type Mark = "good" | "bad" | "poor";

export interface Breaker {
  /** Half-open: its time is over, and an attempt has begun that tries it. */
  status: "closed" | "open" | "half-open";
  /** Log times of the last outcomes, ms, oldest first, and what each was. */
  times: number[];
  marks: Mark[];
  /** What it is closed for when it opens, ms; longer each time that a trial fails. */
  cooldownMs: number;
  openUntilMs: number;
  /** Opened because answers did not fit, not because there were none. */
  isByOutputs: boolean;
  /** When the attempt began that tries it; undefined = none is under way. */
  trialMs: number | undefined;
}

/** What an event changed, to be told. */
export interface BreakerChange {
  verb: "opened" | "half-opened" | "closed";
  key: string;
  sequence: number;
  reason: string;
  failures: number;
  openUntilMs: number | undefined;
}

export interface Breakers {
  /** Least recently concerned first. */
  byKey: Map<string, Breaker>;
  /** Of the event that changed something last; no part of the state. */
  changes: readonly BreakerChange[];
}

/** Keys that are remembered, ~600 B each; beyond it the least recently concerned is forgotten, and so closed. */
export const MAX_BREAKERS = 4_096;

export function newBreakers(): Breakers {
  return { byKey: new Map(), changes: [] };
}

/** The changes of the event at `sequence`. */
export function changesAt({ changes }: Breakers, sequence: number): readonly BreakerChange[] {
  return changes[0]?.sequence === sequence ? changes : NONE;
}
const NONE: readonly BreakerChange[] = [];

export type BreakersJson = ({ key: string } & Breaker)[];

export function breakersToJson({ byKey }: Breakers): BreakersJson {
  return [...byKey].map(([key, breaker]) => ({ key, ...breaker }));
}

export function breakersFromJson(json: BreakersJson): Breakers {
  // JSON leaves out what is undefined; naming it keeps its place.
  const read = ({ key, ...breaker }: BreakersJson[number]): [string, Breaker] => [
    key,
    { ...breaker, trialMs: breaker.trialMs },
  ];
  return { byKey: new Map(json.map(read)), changes: [] };
}
