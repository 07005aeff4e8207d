import {
  BLOCK_SIZE,
  CELL_SIZE,
  COUNT,
  IN_TIME,
  KIND_CELL,
  lengthCell,
  loadCell,
  QUALITY,
  SCORED,
  SUCCESS,
  THRIFT,
} from "../statistics/cell.ts";
import { discountAfter } from "../statistics/discount.ts";
import {
  type ArmStatistics,
  type ChannelStatistics,
  MODELS,
  type ProgramStatistics,
} from "../statistics/state.ts";
import type { Rule } from "./rule.ts";

export interface Weights {
  quality: number;
  time: number;
  cost: number;
}
export interface Context {
  kind: number;
  length: number;
}

const PRIOR_SUCCESS = 0.9,
  PRIOR_TIME = 0.72,
  PRIOR_THRIFT = 0.65,
  PRIOR_QUALITY = 0.75;

export interface Pool {
  success: number;
  inTime: number;
  thrift: number;
  quality: number;
}
export const pool: Pool = { success: 0, inTime: 0, thrift: 0, quality: 0 };

export function poolArms(time: number, arms: readonly ArmStatistics[], rule: Rule): void {
  let w = rule.poolPrior,
    ws = rule.poolPrior * PRIOR_SUCCESS,
    wt = rule.poolPrior * PRIOR_TIME,
    wc = rule.poolPrior * PRIOR_THRIFT;
  let m = rule.poolPrior,
    q = rule.poolPrior * PRIOR_QUALITY;
  for (let k = 0; k < arms.length; k++) {
    const arm = arms[k] as ArmStatistics;
    const v = arm.whole.values;
    const f = discountAfter(time - arm.whole.at);
    const n = f * (v[COUNT] as number);
    if (n <= 0) continue;
    const c = rule.pooling === "arms" ? f / (n + rule.armPrior) : f;
    w += c * (v[COUNT] as number);
    ws += c * (v[SUCCESS] as number);
    wt += c * (v[IN_TIME] as number);
    wc += c * (v[THRIFT] as number);
    const sc = f * (v[SCORED] as number);
    const c2 = rule.pooling === "arms" ? f / (sc + rule.armPrior) : f;
    m += c2 * (v[SCORED] as number);
    q += c2 * (v[QUALITY] as number);
  }
  pool.success = ws / w;
  pool.inTime = wt / w;
  pool.thrift = wc / w;
  pool.quality = q / m;
}

export const KAPPA = [3, 10, 40, 3, 10, 40, 1000] as const;

/** out: mean, variance of y; of quality */
export const out = { mean: 0, variance: 0, y: 0, vy: 0, q: 0, vq: 0, s: 0 };

export function noise(c: ChannelStatistics, prior: number): number {
  return (c.squares + 5 * prior) / (c.count + 5);
}

let qe = 0,
  qv = 0;
function quality(
  arm: ArmStatistics,
  block: Float64Array | undefined,
  f0: number,
  fb: number,
  model: number,
  length: number,
  load: number,
  sigma: number,
  rule: Rule,
): void {
  const v = arm.whole.values;
  const n0 = f0 * (v[SCORED] as number) + rule.armPrior;
  let e = (f0 * (v[QUALITY] as number) + rule.armPrior * pool.quality) / n0;
  let va = sigma / n0;
  if (model < MODELS - 1 && block !== undefined) {
    const kappa = KAPPA[model] as number;
    for (let level = 0; level < 2; level++) {
      const at = level === 0 ? KIND_CELL : model < 3 ? lengthCell(length) : loadCell(load);
      const d = fb * (block[at + SCORED] as number) + kappa;
      e = (fb * (block[at + QUALITY] as number) + kappa * e) / d;
      va = sigma / d + (kappa / d) * (kappa / d) * va;
    }
  } else if (model < MODELS - 1) va = va + (2 * sigma) / (KAPPA[model] as number);
  qe = e;
  qv = va;
}
let ye = 0,
  yv = 0,
  se = 0;
function immediate(
  arm: ArmStatistics,
  block: Float64Array | undefined,
  f0: number,
  fb: number,
  model: number,
  length: number,
  load: number,
  sigma: number,
  w: Weights,
  q: number,
  rule: Rule,
): void {
  const v = arm.whole.values;
  const wq = w.quality * q;
  const n0 = f0 * (v[COUNT] as number) + rule.armPrior;
  const g = w.time * pool.inTime + w.cost * pool.thrift + wq * pool.success;
  let e =
    (f0 * (w.time * (v[IN_TIME] as number) + w.cost * (v[THRIFT] as number) + wq * (v[SUCCESS] as number)) +
      rule.armPrior * g) /
    n0;
  let va = sigma / n0;
  let s = (f0 * (v[SUCCESS] as number) + rule.armPrior * pool.success) / n0;
  if (model < MODELS - 1 && block !== undefined) {
    const kappa = KAPPA[model] as number;
    for (let level = 0; level < 2; level++) {
      const at = level === 0 ? KIND_CELL : model < 3 ? lengthCell(length) : loadCell(load);
      const d = fb * (block[at + COUNT] as number) + kappa;
      e =
        (fb *
          (w.time * (block[at + IN_TIME] as number) +
            w.cost * (block[at + THRIFT] as number) +
            wq * (block[at + SUCCESS] as number)) +
          kappa * e) /
        d;
      s = (fb * (block[at + SUCCESS] as number) + kappa * s) / d;
      va = sigma / d + (kappa / d) * (kappa / d) * va;
    }
  } else if (model < MODELS - 1) va = va + (2 * sigma) / (KAPPA[model] as number);
  ye = e;
  yv = va;
  se = s;
}

export function forecastArm(
  arm: ArmStatistics,
  kind: number,
  length: number,
  load: number,
  time: number,
  my: number,
  mq: number,
  sy: number,
  sq: number,
  w: Weights,
  rule: Rule,
): void {
  const f0 = discountAfter(time - arm.whole.at);
  const sums = kind < 0 ? undefined : arm.kinds[kind];
  const block = sums?.values;
  const fb = sums === undefined ? 0 : discountAfter(time - sums.at);
  quality(arm, block, f0, fb, mq, length, load, sq, rule);
  out.q = qe;
  out.vq = qv;
  immediate(arm, block, f0, fb, my, length, load, sy, w, rule.qualityMode === "product" ? qe : 0, rule);
  out.y = ye;
  out.vy = yv;
  out.s = se;
  if (rule.qualityMode === "product") {
    out.mean = ye;
    out.variance = yv + w.quality * w.quality * se * se * qv;
  } else {
    out.mean = ye + w.quality * qe;
    out.variance = yv + w.quality * w.quality * qv;
  }
}

export function bestModel(c: ChannelStatistics): number {
  let best = MODELS - 1;
  for (let m = MODELS - 2; m >= 0; m--) if ((c.errors[m] as number) < (c.errors[best] as number)) best = m;
  return best;
}
export const ys = new Float64Array(MODELS),
  qs = new Float64Array(MODELS);
export function forecastAll(
  arm: ArmStatistics,
  kind: number,
  length: number,
  load: number,
  time: number,
  mq: number,
  w: Weights,
  rule: Rule,
): void {
  const f0 = discountAfter(time - arm.whole.at);
  const sums = kind < 0 ? undefined : arm.kinds[kind];
  const block = sums?.values;
  const fb = sums === undefined ? 0 : discountAfter(time - sums.at);
  for (let m = 0; m < MODELS; m++) {
    quality(arm, block, f0, fb, m, length, load, 1, rule);
    qs[m] = qe;
  }
  const q = rule.qualityMode === "product" ? (qs[mq] as number) : 0;
  for (let m = 0; m < MODELS; m++) {
    immediate(arm, block, f0, fb, m, length, load, 1, w, q, rule);
    ys[m] = ye;
  }
}
void BLOCK_SIZE;
void CELL_SIZE;
