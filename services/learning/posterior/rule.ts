// The constants of the rule by which arms are estimated and chosen. docs/routing.md says where each comes from.

export interface Rule {
  /** Weight of the prior of an arm, in observations. */
  armPrior: number;
  poolPrior: number;
  pooling: "arms" | "requests";
  /** Posterior standard deviations are multiplied by it: under 1 explores less than Thompson sampling. */
  temper: number;
  /** Shared evenly among the eligible, so that every arm keeps being tried. */
  floor: number;
  qualityMode: "product" | "sum";
  sigma: number;
}

export const RULE: Rule = {
  armPrior: 2,
  poolPrior: 2,
  pooling: "arms",
  temper: 0.7,
  floor: 0.05,
  qualityMode: "product",
  sigma: 0.3,
};
