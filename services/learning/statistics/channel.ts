// The four things that are estimated of an arm, each a share of successes or a mean over them, each with its own noise
// and its own shrinkage: how often it succeeds is known far less exactly than what it costs.

import { COUNT, IN_TIME, QUALITY, SCORED, SUCCESS, THRIFT } from "./cell.ts";

/** P(success); and, given success, the means of time kept, of thrift and of quality. */
export const CHANNELS = 4;
export const SUCCEEDS = 0;
export const KEEPS_TIME = 1;
export const SAVES = 2;
export const SATISFIES = 3;

/** Each channel is a quotient of two sums of a cell. */
export const SUM_OF = Uint8Array.of(SUCCESS, IN_TIME, THRIFT, QUALITY);
export const COUNT_OF = Uint8Array.of(COUNT, SUCCESS, SUCCESS, SCORED);

/** What is believed before there are data: the mean of all arms, … */
export const PRIOR_MEAN = Float64Array.of(0.85, 0.72, 0.6, 0.7);
/** … the variance of one observation around its arm's mean, … */
export const PRIOR_NOISE = Float64Array.of(0.14, 0.15, 0.01, 0.02);
/** … and the variance of the arms' means around that of all. */
export const PRIOR_SPREAD = Float64Array.of(0.01, 0.0225, 0.04, 0.01);
/** Weight of those beliefs in observations, for the noise, and in arms, for mean and spread. */
export const PRIOR_NOISE_WEIGHT = 5;
export const PRIOR_MEAN_WEIGHT = 2;
export const PRIOR_SPREAD_WEIGHT = 4;
/** Arms may look alike by chance: their spread is never taken for less than this part of the prior. */
export const LEAST_SPREAD = 1 / 16;
