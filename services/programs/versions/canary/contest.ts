// Whether a canary is better than the version in use, asked after every outcome. Two things are told of a request: whether
// its first attempt succeeded, and how its answer was judged. Each is a contest of its own, by bets that may be looked at
// at any time; judgements come late and for some answers only, so the two are never mixed into one number. Pure.

import type { CanaryEvidence } from "../../../../schemas/messages/version-event.ts";
import {
  evidence,
  newPromotion,
  observeSplit,
  type Promotion,
  thresholdOf,
} from "../../../learning/evaluate/promotion.ts";

const CHANNELS = ["success", "score"] as const;
type Channel = (typeof CHANNELS)[number];

/** Both channels share the error budget. */
const BETS = CHANNELS.length;
/** A channel whose bet that the canary is worse has grown to this speaks against a promotion by the other one. */
const SPEAKS_AGAINST = 3;
/** Requests whose judgement is remembered: the first counts, so that nobody counts more than others. */
const MOST_JUDGED = 20_000;

interface Side {
  count: number;
  sum: number;
}

interface ChannelState {
  better: Promotion;
  worse: Promotion;
  canary: Side;
  others: Side;
}

export interface CanaryContest {
  share: number;
  channels: Record<Channel, ChannelState>;
  judged: Set<string>;
  coveredSequence: number;
}

/** One outcome of a request that chance gave to the canary, or not. `value` 0 to 1. */
export interface CanaryOutcome {
  channel: Channel;
  taken: boolean;
  value: number;
  sequence: number;
  /** Of a judgement: whose answer it judges. */
  id?: string;
}

export interface CanaryVerdict {
  verb: "promoted" | "withdrawn";
  reason: string;
}

export function newCanaryContest(share: number): CanaryContest {
  return {
    share,
    channels: { success: newChannel(), score: newChannel() },
    judged: new Set(),
    coveredSequence: 0,
  };
}

/** Changes the contest in place. */
export function observeCanary(contest: CanaryContest, outcome: CanaryOutcome): void {
  const { channel, taken, value, sequence, id } = outcome;
  contest.coveredSequence = sequence;
  if (id !== undefined && !isFirst(contest.judged, id)) return;
  const { better, worse, canary, others } = contest.channels[channel];
  const { share } = contest;
  observeSplit(better, taken ? "challenger" : "champion", value, share);
  // The same bet with the sides turned round.
  observeSplit(worse, taken ? "champion" : "challenger", value, 1 - share);
  const side = taken ? canary : others;
  side.count++;
  side.sum += value;
}

/** Undefined while nothing is shown. Worse in one thing is enough to go, better in one only where nothing is worse. */
export function verdictOf(contest: CanaryContest, maxOutcomes: number): CanaryVerdict | undefined {
  const threshold = thresholdOf({ restarts: 0 }, BETS);
  const { channels } = contest;
  const worse = CHANNELS.find((one) => evidence(channels[one].worse) >= threshold);
  if (worse !== undefined) return { verb: "withdrawn", reason: told(contest, worse, "worse") };
  const better = CHANNELS.find((one) => evidence(channels[one].better) >= threshold);
  const isDisputed = CHANNELS.some((one) => evidence(channels[one].worse) >= SPEAKS_AGAINST);
  if (better !== undefined && !isDisputed)
    return { verb: "promoted", reason: told(contest, better, "better") };
  const { count } = channels.success.canary;
  if (count < maxOutcomes) return undefined;
  return { verb: "withdrawn", reason: `${count} outcomes have not shown that it is better` };
}

export function evidenceOf({ channels, coveredSequence }: CanaryContest): CanaryEvidence {
  return {
    channels: CHANNELS.filter((one) => channels[one].canary.count + channels[one].others.count > 0).map(
      (channel) => {
        const { canary, others, better, worse } = channels[channel];
        return {
          channel,
          canary: shown(canary),
          others: shown(others),
          better: evidence(better),
          worse: evidence(worse),
        };
      },
    ),
    threshold: thresholdOf({ restarts: 0 }, BETS),
    coveredSequence,
  };
}

function told({ channels }: CanaryContest, channel: Channel, how: "better" | "worse"): string {
  const { canary, others } = channels[channel];
  const what = channel === "success" ? "first attempts succeed" : "answers are judged";
  return `${how}: its ${what} ${percent(canary)} (${canary.count}), the others' ${percent(others)} (${others.count})`;
}

function percent({ count, sum }: Side): string {
  return `${(count === 0 ? 0 : (100 * sum) / count).toFixed(1)} %`;
}

function shown({ count, sum }: Side): { count: number; mean: number } {
  return { count, mean: count === 0 ? 0 : sum / count };
}

function newChannel(): ChannelState {
  return {
    better: newPromotion(),
    worse: newPromotion(),
    canary: { count: 0, sum: 0 },
    others: { count: 0, sum: 0 },
  };
}

function isFirst(judged: Set<string>, id: string): boolean {
  if (judged.has(id)) return false;
  judged.add(id);
  if (judged.size > MOST_JUDGED) judged.delete(judged.values().next().value as string);
  return true;
}
