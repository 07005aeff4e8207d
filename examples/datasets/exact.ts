// The metric of labelled sentences, and how sure one may be of a share of right answers.

import { wilsonInterval } from "../../services/native/modules/metrics/mod.ts";
import type { Labelled } from "./read.ts";

/** 1 for the label that the data set has, else 0; also 0 where there is no answer. */
export function exact({ outputs }: Labelled, answer: { label?: unknown } | undefined): 0 | 1 {
  return answer?.label === outputs.label ? 1 : 0;
}

/** `82 % [70–89]` */
export function shownShare(right: number, of: number): string {
  const { mean, low, high } = wilsonInterval(right, of);
  const percent = (value: number) => Math.round(value * 100);
  return `${percent(mean)} % [${percent(low)}–${percent(high)}]`;
}
