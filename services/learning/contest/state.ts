// The contest between the settings in force and their challengers, judged on the decisions of the log. Everything in it
// follows from outcomes and policy events, so a rebuild comes to the same promotions.

import type { PolicyEvidence, PolicySettings } from "../../../schemas/messages/policy-event.ts";
import { newPromotion, type Promotion } from "../evaluate/promotion.ts";
import { newEstimate, type RunningEstimate } from "./estimate.ts";
import { challengersOf } from "./settings.ts";

export interface Challenger {
  settings: PolicySettings;
  promotion: Promotion;
  estimate: RunningEstimate;
}

/** After a promotion: whether the rewards that come are below what was promised. */
export interface Live {
  /** Lower end of the estimate's interval at the promotion. */
  floor: number;
  /** A bet that rewards are below it. */
  promotion: Promotion;
  count: number;
  sum: number;
}

/** A change that the bets demand, and that is not in the log yet. */
export interface Verdict {
  verb: "promoted" | "rolled-back";
  to: PolicySettings;
  reason: string;
  evidence: PolicyEvidence;
  /** Of the outcome that was enough. */
  sequence: number;
}

export interface ContestState {
  challengers: Challenger[];
  /** The champion's own rewards since the contest began. */
  logged: RunningEstimate;
  live: Live | undefined;
  verdict: Verdict | undefined;
  /** How often settings were rolled back, by what they are: their next promotion has to be shown better. */
  strikes: Map<string, number>;
}

export const CONTEST_BOUNDS = {
  /** Settings whose roll backs are remembered. */
  strikes: 32,
  /** Decisions after a promotion for which its promise is held against what comes. */
  liveDecisions: 5_000,
} as const;

export function newContest(champion: PolicySettings, former?: PolicySettings): ContestState {
  const contest: ContestState = {
    challengers: [],
    logged: newEstimate(),
    live: undefined,
    verdict: undefined,
    strikes: new Map(),
  };
  enter(contest, champion, former);
  return contest;
}

/** Bets begin anew against this champion. */
export function enter(
  contest: ContestState,
  champion: PolicySettings,
  former: PolicySettings | undefined,
): void {
  contest.challengers = challengersOf(champion, former).map((settings) => {
    const promotion = newPromotion();
    promotion.restarts = contest.strikes.get(keyOf(settings)) ?? 0;
    return { settings, promotion, estimate: newEstimate() };
  });
  contest.logged = newEstimate();
  contest.verdict = undefined;
}

export function keyOf({ rule, temper, floor }: PolicySettings): string {
  return `${rule}/${temper}/${floor}`;
}

interface PromotionJson extends Omit<Promotion, "wealth"> {
  wealth: number[];
}

export interface ContestJson {
  challengers: { settings: PolicySettings; promotion: PromotionJson; estimate: RunningEstimate }[];
  logged: RunningEstimate;
  live?: { floor: number; promotion: PromotionJson; count: number; sum: number };
  verdict?: Verdict;
  strikes: [string, number][];
}

export function contestToJson({ challengers, logged, live, verdict, strikes }: ContestState): ContestJson {
  return {
    challengers: challengers.map(({ settings, promotion, estimate }) => {
      return { settings, promotion: promotionToJson(promotion), estimate: { ...estimate } };
    }),
    logged: { ...logged },
    ...(live !== undefined && { live: { ...live, promotion: promotionToJson(live.promotion) } }),
    ...(verdict !== undefined && { verdict }),
    strikes: [...strikes],
  };
}

export function contestFromJson({ challengers, logged, live, verdict, strikes }: ContestJson): ContestState {
  return {
    challengers: challengers.map(({ settings, promotion, estimate }) => {
      return { settings, promotion: promotionFromJson(promotion), estimate };
    }),
    logged,
    live: live === undefined ? undefined : { ...live, promotion: promotionFromJson(live.promotion) },
    verdict,
    strikes: new Map(strikes),
  };
}

function promotionToJson({ wealth, ...rest }: Promotion): PromotionJson {
  return { wealth: [...wealth], ...rest };
}

function promotionFromJson({ wealth, ...rest }: PromotionJson): Promotion {
  return { wealth: Float64Array.from(wealth), ...rest };
}
