// Breakers + what became of attempts → breakers. Knows only the log's time.
//
//   closed ─ too many failures ─▶ open ─ its time is over, an attempt begins ─▶ half-open ─ it succeeds ─▶ closed
//                                  ▲────────────────── it fails: twice as long ─────────┘

import type { ErrorCode } from "../../../schemas/error-codes.ts";
import { markOf } from "./keys.ts";
import { type Breaker, type BreakerChange, type Breakers, MAX_BREAKERS, type Mark } from "./state.ts";

/** Failures in a row within the window that open it; and answers in a row that do not fit. */
const OPEN_AFTER = 5;
const OPEN_AFTER_OUTPUTS = 10;
/** Or half of so many outcomes, all within the window. */
const RATED_OUTCOMES = 20;
const WINDOW_MS = 60_000;
const FIRST_COOLDOWN_MS = 5_000;
/** Also the longest that a provider's own `retryAfterMs` keeps it open. */
const LONGEST_COOLDOWN_MS = 60_000;

export type BreakerFact =
  | { kind: "began"; sequence: number; timeMs: number; keys: readonly string[] }
  | {
      kind: "ended";
      sequence: number;
      timeMs: number;
      keys: readonly string[];
      /** Log time at which the attempt began. */
      beganMs: number;
      /** Absent when it succeeded. */
      error?: { code: ErrorCode; retryAfterMs?: number | undefined };
    };

export function evolveBreakers(breakers: Breakers, fact: BreakerFact): void {
  const changes: BreakerChange[] = [];
  for (const key of fact.keys) {
    const breaker = breakers.byKey.get(key);
    const change = fact.kind === "began" ? began(breaker, fact) : ended(breakers, breaker, key, fact);
    if (change !== undefined) changes.push({ key, sequence: fact.sequence, ...change });
  }
  if (changes.length > 0) breakers.changes = changes;
}

type Change = Omit<BreakerChange, "key" | "sequence">;
type Ended = Extract<BreakerFact, { kind: "ended" }>;

/** One that was on its way already when it opened tries nothing. */
function began(breaker: Breaker | undefined, { timeMs }: { timeMs: number }): Change | undefined {
  if (breaker === undefined || breaker.status === "closed" || timeMs < breaker.openUntilMs) return undefined;
  breaker.trialMs = timeMs;
  if (breaker.status === "half-open") return undefined;
  breaker.status = "half-open";
  return { verb: "half-opened", reason: "one attempt tries it", ...told(breaker) };
}

function ended(breakers: Breakers, known: Breaker | undefined, key: string, fact: Ended): Change | undefined {
  const mark = markOf(key, fact.error?.code);
  if (known !== undefined && known.status !== "closed") return tried(breakers, known, key, mark, fact);
  if (mark === undefined || (known === undefined && mark === "good")) return undefined;
  const breaker = known ?? newBreaker();
  remember(breaker, mark, fact.timeMs);
  breakers.byKey.delete(key);
  // One that is all well again is as good as one that never failed.
  if (breaker.marks.every((one) => one === "good")) return undefined;
  breakers.byKey.set(key, breaker);
  if (breakers.byKey.size > MAX_BREAKERS) breakers.byKey.delete(breakers.byKey.keys().next().value as string);
  return mark === "good" ? undefined : openedBy(breaker, fact);
}

/** While it is open, only attempts that began after its time was over decide. Inline ones are seen when they end. */
function tried(
  breakers: Breakers,
  breaker: Breaker,
  key: string,
  mark: Mark | undefined,
  fact: Ended,
): Change | undefined {
  if (fact.beganMs < breaker.openUntilMs) return undefined;
  breaker.trialMs = undefined;
  if (mark === undefined) return undefined;
  remember(breaker, mark, fact.timeMs);
  breakers.byKey.delete(key);
  const isGood = mark === "good" || (mark === "poor" && !breaker.isByOutputs);
  if (isGood) return { verb: "closed", reason: "a trial succeeded", failures: 0, openUntilMs: undefined };
  breakers.byKey.set(key, breaker);
  breaker.cooldownMs = Math.min(2 * breaker.cooldownMs, LONGEST_COOLDOWN_MS);
  open(breaker, fact);
  return { verb: "opened", reason: `a trial failed: ${fact.error?.code}`, ...told(breaker) };
}

function openedBy(breaker: Breaker, fact: Ended): Change | undefined {
  const reason = reasonToOpen(breaker, fact);
  if (reason === undefined) return undefined;
  open(breaker, fact);
  return { verb: "opened", reason, ...told(breaker) };
}

function reasonToOpen(breaker: Breaker, { timeMs, error }: Ended): string | undefined {
  const { marks, times } = breaker;
  let bad = 0;
  let poor = 0;
  for (let at = marks.length - 1; at >= 0 && marks[at] !== "good"; at--) {
    if (marks[at] === "poor") poor++;
    else if ((times[at] as number) > timeMs - WINDOW_MS) bad++;
  }
  if (bad >= OPEN_AFTER) return `${error?.code}: ${bad} failures in a row`;
  if (poor >= OPEN_AFTER_OUTPUTS) {
    breaker.isByOutputs = true;
    return `${error?.code}: ${poor} answers in a row that do not fit`;
  }
  const isRated = marks.length === RATED_OUTCOMES && (times[0] as number) > timeMs - WINDOW_MS;
  if (!isRated) return undefined;
  const failed = marks.filter((mark) => mark === "bad").length;
  return failed >= RATED_OUTCOMES / 2
    ? `${error?.code}: ${failed} of the last ${RATED_OUTCOMES} failed`
    : undefined;
}

function open(breaker: Breaker, { timeMs, error }: Ended): void {
  const askedMs = Math.min(error?.retryAfterMs ?? 0, LONGEST_COOLDOWN_MS);
  breaker.status = "open";
  breaker.openUntilMs = timeMs + Math.max(breaker.cooldownMs, askedMs);
}

function remember({ marks, times }: Breaker, mark: Mark, timeMs: number): void {
  marks.push(mark);
  times.push(timeMs);
  if (marks.length <= RATED_OUTCOMES) return;
  marks.shift();
  times.shift();
}

function newBreaker(): Breaker {
  return {
    status: "closed",
    times: [],
    marks: [],
    cooldownMs: FIRST_COOLDOWN_MS,
    openUntilMs: 0,
    isByOutputs: false,
    trialMs: undefined,
  };
}

function told(breaker: Breaker): { failures: number; openUntilMs: number } {
  return { failures: inARow(breaker), openUntilMs: breaker.openUntilMs };
}

function inARow({ marks }: Breaker): number {
  return marks.length - 1 - marks.lastIndexOf("good");
}
