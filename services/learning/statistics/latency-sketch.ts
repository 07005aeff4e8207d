// Quantiles of latencies, mergeable and bounded: a DDSketch (Masson, Rim, Lee 2019). Every value is within 1.6 % of the
// quantile that it stands for. Buckets come from the bits of the number, so that every machine counts alike, and the
// state is plain JSON. Own because the npm packages for it keep classes with buffers, and take `Math.log`, whose last
// bits the language leaves open.

/** Buckets for each doubling: relative error at most 1/(2·32) at its lower end. */
const PER_DOUBLING = 32;
/** Latencies below count as this, ms. */
const LEAST_MS = 1 / 64;
/** Its power of two. */
const LEAST_EXPONENT = -6;
/** 2^28 ms is three days. */
const DOUBLINGS = 34;
const LAST = DOUBLINGS * PER_DOUBLING - 1;

export interface LatencySketch {
  count: number;
  /** Bucket and its count in turn, buckets ascending. */
  buckets: number[];
}

export function newSketch(): LatencySketch {
  return { count: 0, buckets: [] };
}

export function addLatency(sketch: LatencySketch, latencyMs: number, weight = 1): void {
  add(sketch, bucketOf(latencyMs), weight);
}

function add(sketch: LatencySketch, bucket: number, weight: number): void {
  sketch.count += weight;
  const at = find(sketch.buckets, bucket);
  if (sketch.buckets[at] === bucket) sketch.buckets[at + 1] = (sketch.buckets[at + 1] as number) + weight;
  else sketch.buckets.splice(at, 0, bucket, weight);
}

/** Both together, as if all had been added to one. */
export function mergeSketches(a: LatencySketch, b: LatencySketch): LatencySketch {
  const merged: LatencySketch = { count: a.count + b.count, buckets: [] };
  let left = 0;
  let right = 0;
  while (left < a.buckets.length || right < b.buckets.length) {
    const fromLeft = a.buckets[left] ?? Number.POSITIVE_INFINITY;
    const fromRight = b.buckets[right] ?? Number.POSITIVE_INFINITY;
    const bucket = Math.min(fromLeft, fromRight);
    let count = 0;
    if (fromLeft === bucket) {
      count += a.buckets[left + 1] as number;
      left += 2;
    }
    if (fromRight === bucket) {
      count += b.buckets[right + 1] as number;
      right += 2;
    }
    merged.buckets.push(bucket, count);
  }
  return merged;
}

/** Weighs what is in it less, so that later latencies count more; empty buckets go. */
export function fadeSketch(sketch: LatencySketch, factor: number): void {
  const kept: number[] = [];
  sketch.count = 0;
  for (let at = 0; at < sketch.buckets.length; at += 2) {
    const count = (sketch.buckets[at + 1] as number) * factor;
    if (count < LEAST_COUNT) continue;
    kept.push(sketch.buckets[at] as number, count);
    sketch.count += count;
  }
  sketch.buckets = kept;
}

const LEAST_COUNT = 1 / 1_024;

/** Keeps at most so many buckets: the lowest are put together, because it is high latencies that are asked for. */
export function narrowSketch(sketch: LatencySketch, most: number): void {
  const { buckets } = sketch;
  while (buckets.length > 2 * most) {
    buckets[3] = (buckets[3] as number) + (buckets[1] as number);
    buckets.splice(0, 2);
  }
}

/** As `addLatency`, coarsely: eight buckets for each doubling, within 8 %. */
export function addCoarsely(sketch: LatencySketch, latencyMs: number): void {
  const bucket = bucketOf(latencyMs);
  add(sketch, bucket - (bucket % COARSE_STEP) + COARSE_STEP / 2, 1);
}

const COARSE_STEP = 4;

/** Where a latency lies on a scale that is nearly logarithmic: one more = twice as long. */
export function logLatency(latencyMs: number): number {
  return bucketOf(latencyMs) / PER_DOUBLING;
}

/** The latency that this share of all did not exceed; undefined of nothing. */
export function latencyQuantile(sketch: LatencySketch, share: number): number | undefined {
  if (sketch.count <= 0) return undefined;
  const wanted = share * sketch.count;
  let seen = 0;
  let bucket = 0;
  for (let at = 0; at < sketch.buckets.length; at += 2) {
    bucket = sketch.buckets[at] as number;
    seen += sketch.buckets[at + 1] as number;
    if (seen >= wanted) break;
  }
  return middleOf(bucket);
}

const bits = new DataView(new ArrayBuffer(8));

/** Exponent and the upper five bits of the fraction: 32 equal steps in each doubling. */
function bucketOf(latencyMs: number): number {
  if (!(latencyMs > LEAST_MS)) return 0;
  bits.setFloat64(0, latencyMs);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) - 1_023 - LEAST_EXPONENT;
  return Math.min(LAST, exponent * PER_DOUBLING + ((high >>> 15) & (PER_DOUBLING - 1)));
}

/** The number in the middle of a bucket, put together from the same bits. */
function middleOf(bucket: number): number {
  const step = bucket % PER_DOUBLING;
  const exponent = (bucket - step) / PER_DOUBLING + 1_023 + LEAST_EXPONENT;
  bits.setUint32(0, (exponent << 20) | (step << 15) | (1 << 14));
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** Place of the bucket, or where it belongs. */
function find(buckets: readonly number[], bucket: number): number {
  let low = 0;
  let high = buckets.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((buckets[2 * middle] as number) < bucket) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}
