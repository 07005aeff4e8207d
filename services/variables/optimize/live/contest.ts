// Whether requests fare worse with new values than with those before, asked after every outcome. Each program is compared
// with itself: what it surely got before, by the lower end of an interval, against what it gets now. A bet on `worse` may be
// looked at at any time: where it is not worse, wealth ever reaches the threshold with a probability of 5 % at most. Pure.

import {
  evidence,
  newPromotion,
  observePaired,
  type Promotion,
  thresholdOf,
} from "../../../learning/evaluate/promotion.ts";
import type { LiveOutcome, LiveScore } from "./outcome.ts";

const CHANNELS = ["success", "score"] as const;
type Channel = (typeof CHANNELS)[number];

/** Both channels share the error budget. */
const BETS = CHANNELS.length;
/** Fewer outcomes before tell nothing that could be held against those after. */
const LEAST_BEFORE = 20;
/** Of the interval of what was before: its lower end lies above the truth in one case of two hundred. */
const Z = 2.576;
/** Requests whose judgements are still joined to them. */
const MOST_JUDGED = 20_000;

interface Side {
  count: number;
  sum: number;
}
type Sides = Record<Channel, { before: Side; after: Side }>;

export interface LiveContest {
  /** Sequences from which on the values before, and the new ones, were in force. */
  since: number;
  applied: number;
  /** Variables that have changed. */
  names: ReadonlySet<string>;
  programs: Map<string, Sides>;
  worse: Record<Channel, Promotion>;
  /** Outcomes with the new values. */
  after: number;
  /** Requests that may still be judged, by id. */
  open: Map<string, { program: string; side: "before" | "after" }>;
}

export function newLiveContest(since: number, applied: number, names: Iterable<string>): LiveContest {
  return {
    since,
    applied,
    names: new Set(names),
    programs: new Map(),
    worse: { success: newPromotion(), score: newPromotion() },
    after: 0,
    open: new Map(),
  };
}

/** Changes the contest in place. */
export function observeLive(contest: LiveContest, told: LiveOutcome | LiveScore): void {
  const { open } = contest;
  if (told.kind === "score") {
    const judged = open.get(told.id);
    // The first counts, so that nobody counts more than others.
    open.delete(told.id);
    if (judged !== undefined) observe(contest, "score", judged, told.score);
    return;
  }
  const { id, program, stateSequence, success, quality } = told;
  if (stateSequence < contest.since || !told.variables.some((name) => contest.names.has(name))) return;
  const side = stateSequence >= contest.applied ? "after" : "before";
  if (side === "after") contest.after++;
  observe(contest, "success", { program, side }, success);
  if (quality !== undefined) observe(contest, "score", { program, side }, quality);
  else if (success === 1) open.set(id, { program, side });
  if (open.size > MOST_JUDGED) open.delete(open.keys().next().value as string);
}

/** Why the new values are worse; undefined = nothing shows it. */
export function regressionOf(contest: LiveContest): string | undefined {
  const threshold = thresholdOf({ restarts: 0 }, BETS);
  const channel = CHANNELS.find((one) => evidence(contest.worse[one]) >= threshold);
  if (channel === undefined) return undefined;
  const what = channel === "success" ? "first attempts succeed" : "answers are judged";
  const told = [...contest.programs].flatMap(([program, sides]) => {
    const { before, after } = sides[channel];
    if (after.count === 0 || before.count < LEAST_BEFORE) return [];
    return [`of "${program}" ${what} ${shown(after)}, before ${shown(before)}`];
  });
  return `requests with the new values fare worse: ${told.join("; ")}; evidence ${evidence(contest.worse[channel]).toFixed(0)} of ${threshold.toFixed(0)}`;
}

function observe(
  { programs, worse }: LiveContest,
  channel: Channel,
  { program, side }: { program: string; side: "before" | "after" },
  value: number,
): void {
  const sides = programs.get(program) ?? newSides();
  programs.set(program, sides);
  const { before } = sides[channel];
  if (side === "after" && before.count >= LEAST_BEFORE) observePaired(worse[channel], leastOf(before), value);
  const one = sides[channel][side];
  one.count++;
  one.sum += value;
}

/** Wilson's lower end: of values between 0 and 1 none varies more than right and wrong. */
function leastOf({ count, sum }: Side): number {
  const mean = sum / count;
  const square = Z * Z;
  const half = Z * Math.sqrt((mean * (1 - mean)) / count + square / (4 * count * count));
  return Math.max(0, (mean + square / (2 * count) - half) / (1 + square / count));
}

function newSides(): Sides {
  const side = () => ({ before: { count: 0, sum: 0 }, after: { count: 0, sum: 0 } });
  return { success: side(), score: side() };
}

function shown({ count, sum }: Side): string {
  return `${((100 * sum) / count).toFixed(1)} % (${count})`;
}
