// The metric of labelled sentences, and how sure one may be of a share of right answers.

import type { Labelled } from "./read.ts";

/** 1 for the label that the data set has, else 0; also 0 where there is no answer. */
export function exact({ outputs }: Labelled, answer: { label?: unknown } | undefined): 0 | 1 {
  return answer?.label === outputs.label ? 1 : 0;
}

/** Wilson's interval at 95 %. */
export function wilson(right: number, of: number): { share: number; low: number; high: number } {
  const z = 1.96;
  const share = right / of;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  return { share, low: middle - half, high: middle + half };
}

/** `82 % [70–89]` */
export function shownShare(right: number, of: number): string {
  const { share, low, high } = wilson(right, of);
  const percent = (value: number) => Math.round(value * 100);
  return `${percent(share)} % [${percent(low)}–${percent(high)}]`;
}
