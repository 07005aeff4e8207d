// An arm that has changed starts again from what was observed since it did: its statistics by kind of task are void,
// and what it was forecast to be is remembered with the evidence.

import { resetDetector } from "../drift/detector.ts";
import { BALANCED } from "../posterior/reward.ts";
import { CELL_SIZE, COUNT, IN_TIME, QUALITY, SCORED, SUCCESS, THRIFT } from "./cell.ts";
import { type ArmStatistics, LEARNING_BOUNDS, type LearningState, type ProgramStatistics } from "./state.ts";

/** After a change in success, time or cost, what is known of its quality still counts so many observations at most. */
const QUALITY_KEPT = 5;

/**
 * `before` is what was forecast of the arm; `satisfies` the quality by which rewards without scores are told.
 */
export function restart(
  state: LearningState,
  program: ProgramStatistics,
  arm: ArmStatistics,
  channel: "immediate" | "quality",
  direction: "better" | "worse",
  before: number,
  satisfies: number,
): void {
  const detector = arm[channel];
  const since = direction === "worse" ? detector.sinceDown : detector.sinceUp;
  const observations = since[channel === "immediate" ? COUNT : SCORED] as number;
  program.restarts.push({
    sequence: state.sequence,
    arm: arm.key,
    channel,
    direction,
    evidence: direction === "worse" ? detector.down : detector.up,
    before,
    after:
      channel === "quality"
        ? (since[QUALITY] as number) / observations
        : (BALANCED.quality * satisfies * (since[SUCCESS] as number) +
            BALANCED.time * (since[IN_TIME] as number) +
            BALANCED.cost * (since[THRIFT] as number)) /
          observations,
    observations,
  });
  if (program.restarts.length > LEARNING_BOUNDS.restarts) program.restarts.shift();
  const whole = arm.whole.values;
  if (channel === "quality") {
    whole[SCORED] = since[SCORED] as number;
    whole[QUALITY] = since[QUALITY] as number;
    for (const block of arm.kinds) if (block !== undefined) clearQuality(block.values);
    resetDetector(arm.quality);
    return;
  }
  const scored = whole[SCORED] as number;
  const part = scored > QUALITY_KEPT ? QUALITY_KEPT / scored : 1;
  const keptScored = scored * part;
  const keptQuality = (whole[QUALITY] as number) * part;
  whole.set(since);
  whole[SCORED] = keptScored;
  whole[QUALITY] = keptQuality;
  for (const block of arm.kinds) if (block !== undefined) state.entries--;
  arm.kinds.length = 0;
  resetDetector(arm.immediate);
  resetDetector(arm.quality);
}

function clearQuality(cells: Float64Array): void {
  for (let cell = 0; cell < cells.length; cell += CELL_SIZE) {
    cells[cell + SCORED] = 0;
    cells[cell + QUALITY] = 0;
  }
}
