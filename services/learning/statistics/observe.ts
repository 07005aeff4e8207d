import { detect, reset } from "../drift/detector.ts";
import { bestModel, forecastAll, noise, poolArms, qs, type Weights, ys } from "../posterior/forecast.ts";
import type { Rule } from "../posterior/rule.ts";
import {
  CELL_SIZE,
  COUNT,
  IN_TIME,
  KIND_CELL,
  lengthCell,
  loadCell,
  QUALITY,
  SCORED,
  SUCCESS,
  scale,
  THRIFT,
} from "./cell.ts";
import { discountAfter } from "./discount.ts";
import {
  type ArmStatistics,
  type ChannelStatistics,
  MODELS,
  newArm,
  newBlock,
  type ProgramStatistics,
  type Sums,
} from "./state.ts";

const obs = new Float64Array(CELL_SIZE);
const W: Weights = { quality: 0.6, time: 0.25, cost: 0.15 };

export function observe(
  p: ProgramStatistics,
  name: string,
  kind: number,
  length: number,
  load: number,
  success: number,
  inTime: number,
  thrift: number,
  scored: number | undefined,
  rule: Rule,
): void {
  const arm = p.arms.get(name) as ArmStatistics;
  if (rule.qualityMode === "sum" && scored !== undefined) {
    /* notes: quality channel holds success·quality */
  }
  poolArms(p.time, [...p.arms.values()], rule);
  const mq = bestModel(p.quality),
    my = bestModel(p.immediate);
  forecastAll(arm, kind, length, load, p.time, mq, W, rule);
  const q = rule.qualityMode === "product" ? (qs[mq] as number) : 0;
  const y = success * (W.time * inTime + W.cost * thrift + W.quality * q);
  obs.fill(0);
  obs[COUNT] = 1;
  obs[SUCCESS] = success;
  obs[IN_TIME] = success * inTime;
  obs[THRIFT] = success * thrift;
  const sy = Math.sqrt(noise(p.immediate, 0.09));
  const known = discountAfter(p.time - arm.whole.at) * (arm.whole.values[COUNT] as number);
  const bell = detect(arm.immediate, (y - (ys[my] as number)) / sy, known, obs);
  learnChannel(p.immediate, y, ys, my);
  p.time++;
  add(p, arm, kind, length, load);
  if (bell) {
    restart(
      arm,
      arm.immediate === undefined ? obs : bell === "worse" ? arm.immediate.sinceDown : arm.immediate.sinceUp,
      p.time,
    );
    p.restarts.push({
      sequence: p.time,
      arm: name,
      channel: "immediate",
      direction: bell,
      evidence: 0,
      before: 0,
      after: 0,
      observations: 0,
    });
  }
  if (scored !== undefined && (rule.qualityMode === "sum" || success > 0))
    observeQuality(p, name, kind, length, load, scored, rule);
}

export function observeQuality(
  p: ProgramStatistics,
  name: string,
  kind: number,
  length: number,
  load: number,
  score: number,
  rule: Rule,
): void {
  const arm = p.arms.get(name) as ArmStatistics;
  poolArms(p.time, [...p.arms.values()], rule);
  const mq = bestModel(p.quality);
  forecastAll(arm, kind, length, load, p.time, mq, W, rule);
  learnChannel(p.quality, score, qs, mq);
  obs.fill(0);
  obs[SCORED] = 1;
  obs[QUALITY] = score;
  add(p, arm, kind, length, load);
}

function learnChannel(c: ChannelStatistics, value: number, f: Float64Array, model: number): void {
  const d = discountAfter(1);
  for (let m = 0; m < MODELS; m++) {
    const e = value - (f[m] as number);
    c.errors[m] = (c.errors[m] as number) * d + e * e;
  }
  const e = value - (f[model] as number);
  c.count = c.count * d + 1;
  c.squares = c.squares * d + e * e;
}

function bring(s: Sums, time: number): void {
  const f = discountAfter(time - s.at);
  if (f !== 1) scale(s.values, f);
  s.at = time;
}

function add(p: ProgramStatistics, arm: ArmStatistics, kind: number, length: number, load: number): void {
  bring(arm.whole, p.time);
  let b = arm.kinds[kind];
  if (b === undefined) arm.kinds[kind] = b = newBlock(p.time);
  bring(b, p.time);
  for (let i = 0; i < CELL_SIZE; i++) {
    const x = obs[i] as number;
    if (x === 0) continue;
    arm.whole.values[i]! += x;
    b.values[KIND_CELL + i]! += x;
    b.values[lengthCell(length) + i]! += x;
    b.values[loadCell(load) + i]! += x;
  }
}
function restart(arm: ArmStatistics, since: Float64Array, time: number): void {
  arm.whole.at = time;
  // keep quality sums, scaled down to the new count
  const q = arm.whole.values[SCORED] as number,
    qq = arm.whole.values[QUALITY] as number;
  arm.whole.values.set(since);
  const keep = q > 0 ? Math.min(q, 5) / q : 0;
  arm.whole.values[SCORED] = q * keep;
  arm.whole.values[QUALITY] = qq * keep;
  arm.kinds.length = 0;
  reset(arm.immediate);
  reset(arm.quality);
}

export { newArm };
