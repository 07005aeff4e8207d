// Whether a challenger is better than the champion, asked after every request: a test by betting. Under the hypothesis
// that it is not, wealth is a supermartingale, so it ever reaches 20 with a probability of at most 5 %, however often
// one looks (Ville's inequality).

/** Stakes of the bettors whose mean wealth counts: which one suits the difference is not known before. */
const STAKES = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32];

/** Wealth that promotes; it grows with each restart, so that all runs together keep to 5 %. */
const THRESHOLD = 20;
/** Keeps wealth a number that JSON can write. */
const MOST_WEALTH = 1e12;
/** Part of the error budget that the first run gets, and each later one of what is left. */
const BUDGET_SHARE = 0.8;
/** Restarts after which the threshold grows no more: 100,000 of those cost one point of the 5 %. */
const MOST_RESTARTS = 8;

export interface Promotion {
  /** Wealth of each bettor. */
  wealth: Float64Array;
  observations: number;
  /** Mean of the rewards so far: what a bet is laid against where nothing better is known. */
  mean: number;
  restarts: number;
}

export function newPromotion(): Promotion {
  return { wealth: new Float64Array(STAKES.length).fill(1), observations: 0, mean: 0.5, restarts: 0 };
}

/**
 * One request that chance gave to one of the two: the challenger with probability `share`. `reward` in 0 to 1;
 * `expected` is what was forecast of it before it was known which side gets it: the better the forecast, the sooner a
 * difference shows. Changes and returns `promotion`.
 */
export function observeSplit(
  promotion: Promotion,
  side: "challenger" | "champion",
  reward: number,
  share: number,
  expected = promotion.mean,
): Promotion {
  const scale = Math.min(share, 1 - share);
  const surprise = reward - expected;
  const z = side === "challenger" ? (surprise * scale) / share : (-surprise * scale) / (1 - share);
  bet(promotion, z);
  promotion.observations++;
  promotion.mean += (reward - promotion.mean) / (promotion.observations + 1);
  return promotion;
}

/** One request that both answered, the challenger in the shadow. */
export function observePaired(promotion: Promotion, challenger: number, champion: number): Promotion {
  bet(promotion, challenger - champion);
  promotion.observations++;
  return promotion;
}

/**
 * One request that the champion's chance decided, judged for the challenger from the logged probabilities. `gain` is an
 * unbiased estimate of what the challenger would have got more, never larger in size than `bound`, which has to be known
 * before the outcome.
 */
export function observeOffPolicy(promotion: Promotion, gain: number, bound: number): Promotion {
  bet(promotion, gain / bound);
  promotion.observations++;
  return promotion;
}

/** An arm of either side has changed: the bets so far were on another world. */
export function restartPromotion(promotion: Promotion): Promotion {
  promotion.wealth.fill(1);
  promotion.observations = 0;
  promotion.restarts++;
  return promotion;
}

export function evidence({ wealth }: Promotion): number {
  let sum = 0;
  for (const one of wealth) sum += one;
  return sum / wealth.length;
}

/** Evidence from which on the challenger is promoted, one of `challengers` that share the 5 %. */
export function thresholdOf({ restarts }: Pick<Promotion, "restarts">, challengers = 1): number {
  let share = BUDGET_SHARE;
  for (let run = 0; run < Math.min(restarts, MOST_RESTARTS); run++) share *= 1 - BUDGET_SHARE;
  return (THRESHOLD * challengers) / share;
}

export function isBetter(promotion: Promotion, challengers = 1): boolean {
  return evidence(promotion) >= thresholdOf(promotion, challengers);
}

function bet({ wealth }: Promotion, z: number): void {
  for (const [at, stake] of STAKES.entries()) {
    wealth[at] = Math.min(MOST_WEALTH, (wealth[at] as number) * (1 + stake * z));
  }
}
