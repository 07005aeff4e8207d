// What is expected of one arm among others, channel by channel, as a decision would forecast it.

import { CHANNELS } from "../statistics/channel.ts";
import type { ArmStatistics, ProgramStatistics } from "../statistics/state.ts";
import { forecast, type Place } from "./forecast.ts";
import { newPool, poolArms } from "./pool.ts";
import { bestShrinkage } from "./shrinkage.ts";

const pool = newPool();

/** Fills `expected` and `variance` of forecast.ts for `arm`, one of `arms`. */
export function estimateArm(
  program: ProgramStatistics,
  arms: readonly ArmStatistics[],
  arm: ArmStatistics,
  place: Place,
): void {
  poolArms(pool, program, arms, arms.length);
  for (let channel = 0; channel < CHANNELS; channel++) {
    forecast(pool, arm, program.time, place, channel, bestShrinkage(program.errors, channel));
  }
}
