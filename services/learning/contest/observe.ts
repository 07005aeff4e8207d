// Takes one outcome into the contest, before the statistics learn of it: what would each challenger have done, and what
// does the outcome say of that? Judged by importance weights on the logged probabilities, with the statistics' forecast
// as control: `Σ (q − p)·μ + (q/p − 1)·(r − μ)` has the mean of the difference whatever the forecast μ says.

import type { PolicyEvidence, PolicySettings } from "../../../schemas/messages/policy-event.ts";
import {
  evidence,
  isBetter,
  newPromotion,
  observeOffPolicy,
  restartPromotion,
  thresholdOf,
} from "../evaluate/promotion.ts";
import { estimateOf, newEstimate, observeWeighted } from "./estimate.ts";
import { isSame, keepsExploring } from "./settings.ts";
import { type Challenger, CONTEST_BOUNDS, type ContestState, enter, keyOf, type Verdict } from "./state.ts";

/** A decision of chance and how it ended, over the candidates that could be chosen. */
export interface Trial {
  sequence: number;
  /** As the decision recorded them. */
  probabilities: ArrayLike<number>;
  chosen: number;
  /** Reward of each candidate as the statistics forecast it, without this outcome. */
  forecasts: ArrayLike<number>;
  reward: number;
  /** Probabilities of the candidates under other settings. */
  under: (settings: PolicySettings) => ArrayLike<number>;
}

/** `champion` are the settings in force, `former` what was before them. */
export function observeTrial(
  contest: ContestState,
  trial: Trial,
  champion: PolicySettings,
  former: PolicySettings | undefined,
): void {
  observeWeighted(contest.logged, 1, trial.reward);
  for (const challenger of contest.challengers) judge(challenger, trial);
  if (contest.live !== undefined) observeLive(contest, trial.reward);
  contest.verdict ??= verdictOf(contest, trial.sequence, champion, former);
}

function judge({ settings, promotion, estimate }: Challenger, trial: Trial): void {
  const { probabilities, forecasts, chosen, reward } = trial;
  const wanted = trial.under(settings);
  let expected = 0;
  for (let k = 0; k < probabilities.length; k++) {
    expected += ((wanted[k] as number) - (probabilities[k] as number)) * clipped(forecasts[k] as number);
  }
  // The largest size that the gain could have had, whichever candidate was chosen and whatever came of it.
  let bound = 1;
  for (let k = 0; k < probabilities.length; k++) {
    const excess = (wanted[k] as number) / (probabilities[k] as number) - 1;
    const forecast = clipped(forecasts[k] as number);
    bound = Math.max(
      bound,
      Math.abs(expected + excess * (1 - forecast)),
      Math.abs(expected - excess * forecast),
    );
  }
  const weight = (wanted[chosen] as number) / (probabilities[chosen] as number);
  observeOffPolicy(
    promotion,
    expected + (weight - 1) * (reward - clipped(forecasts[chosen] as number)),
    bound,
  );
  observeWeighted(estimate, weight, reward);
}

/** Bets that the rewards since a promotion are below what it promised. */
function observeLive(contest: ContestState, reward: number): void {
  const live = contest.live as NonNullable<ContestState["live"]>;
  live.count++;
  live.sum += reward;
  observeOffPolicy(live.promotion, live.floor - reward, 1);
  if (live.count >= CONTEST_BOUNDS.liveDecisions && !isBetter(live.promotion)) contest.live = undefined;
}

function verdictOf(
  contest: ContestState,
  sequence: number,
  champion: PolicySettings,
  former: PolicySettings | undefined,
): Verdict | undefined {
  const { live } = contest;
  if (live !== undefined && former !== undefined && isBetter(live.promotion)) {
    const mean = live.sum / live.count;
    return {
      verb: "rolled-back",
      to: former,
      reason: `${live.count} decisions under "${champion.name}" got ${mean.toFixed(3)}, at least ${live.floor.toFixed(3)} had been estimated`,
      evidence: {
        decisions: live.count,
        wealth: evidence(live.promotion),
        threshold: thresholdOf(live.promotion),
        logged: mean,
        estimated: live.floor,
        halfWidth: 0,
      },
      sequence,
    };
  }
  const rivals = contest.challengers.filter(({ settings }) => keepsExploring(settings));
  let best: Challenger | undefined;
  for (const one of rivals) {
    if (!isBetter(one.promotion, rivals.length)) continue;
    if (best === undefined || evidence(one.promotion) > evidence(best.promotion)) best = one;
  }
  if (best === undefined) return undefined;
  const verb = former !== undefined && isSame(best.settings, former) ? "rolled-back" : "promoted";
  return {
    verb,
    to: best.settings,
    reason: `"${best.settings.name}" gets more than "${champion.name}" on the log's own decisions`,
    evidence: evidenceOf(contest, best),
    sequence,
  };
}

export function evidenceOf(
  contest: ContestState,
  { settings, promotion, estimate }: Challenger,
): PolicyEvidence {
  const rivals = contest.challengers.filter((one) => keepsExploring(one.settings));
  const { value, halfWidth } = estimateOf(estimate);
  return {
    decisions: promotion.observations,
    wealth: evidence(promotion),
    threshold: thresholdOf(promotion, keepsExploring(settings) ? rivals.length : 1),
    logged: estimateOf(contest.logged).value,
    estimated: value,
    halfWidth,
  };
}

/** An arm has changed: what was seen before says nothing of what is now, and a promise given then is void. */
export function restartContest(contest: ContestState): void {
  for (const challenger of contest.challengers) {
    restartPromotion(challenger.promotion);
    challenger.estimate = newEstimate();
  }
  contest.logged = newEstimate();
  contest.live = undefined;
  contest.verdict = undefined;
}

/** Other settings are in force. `promised` = what speaks for them, where it was the log. */
export function changeChampion(
  contest: ContestState,
  change: {
    verb: "promoted" | "rolled-back";
    from: PolicySettings;
    to: PolicySettings;
    former: PolicySettings | undefined;
    promised: PolicyEvidence | undefined;
  },
): void {
  if (change.verb === "rolled-back") {
    const key = keyOf(change.from);
    contest.strikes.set(key, (contest.strikes.get(key) ?? 0) + 1);
    if (contest.strikes.size > CONTEST_BOUNDS.strikes) {
      contest.strikes.delete(contest.strikes.keys().next().value as string);
    }
  }
  enter(contest, change.to, change.former);
  contest.live = undefined;
  const { promised } = change;
  if (change.verb === "promoted" && promised !== undefined) {
    contest.live = {
      floor: promised.estimated - promised.halfWidth,
      promotion: newPromotion(),
      count: 0,
      sum: 0,
    };
  }
}

/** Rewards lie in 0 to 1; a forecast may lie a little beyond. */
function clipped(forecast: number): number {
  return Math.min(1, Math.max(0, forecast));
}
