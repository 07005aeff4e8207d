// Ids that follow from others: a child's run, and what makes two stages' work the same. Pure.

import { createHash } from "node:crypto";
import { canonicalJson } from "../../../schemas/envelope/json.ts";

/** `<user>.p.<run>_<stage>_<n>` */
export function stageRequestId(user: string, run: string, stage: number, n: number): string {
  return `${user}.p.${run}_${stage}_${n}`;
}

/** The parts of the last token of such an id. */
export function parseStageKey(key: string): { run: string; stage: number; n: number } | undefined {
  const match = /^([A-Za-z0-9]{1,32})_([0-9]{1,5})_([0-9]{1,6})$/.exec(key);
  return match === null
    ? undefined
    : { run: match[1] as string, stage: Number(match[2]), n: Number(match[3]) };
}

export function childRun(user: string, run: string, stage: number, n: number): string {
  return createHash("sha256").update(`${user}.${run}_${stage}_${n}`).digest("hex").slice(0, 32);
}

/** What a stage would do: the same key of an earlier run means that it was done. */
export function reuseKey(stage: number, what: object): string {
  return createHash("sha256").update(`${stage} `).update(canonicalJson(what)).digest("hex").slice(0, 24);
}
