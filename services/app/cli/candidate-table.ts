// Pure: implementations side by side: chances as bars, and what was known of each.

import type { Explanation } from "../../../schemas/messages/explanation.ts";
import type { ArmStanding } from "../../../schemas/messages/policy-event.ts";
import { amount, bar, milliseconds, percent } from "./figures.ts";
import { table } from "./table.ts";
import type { Style } from "./terminal.ts";

type Candidate = Explanation["candidates"][number];

/** The chosen one is marked with an arrow, what could not take the request with a cross. */
export function candidateLines(
  candidates: readonly Candidate[],
  paint: (style: Style, text: string) => string,
): string[] {
  const isKnown = candidates.some(({ standing }) => standing !== undefined);
  const head = ["  implementation", "kind", "expected", "chance", ...(isKnown ? STANDING_HEAD : [])];
  const rows = candidates.map((candidate) => {
    const { chosen, eligible, implementation, kind, score, probability, standing } = candidate;
    const mark = chosen ? "→" : eligible ? " " : "×";
    return [
      `${mark} ${implementation}`,
      kind,
      eligible ? score.toFixed(2) : "–",
      eligible ? `${bar(probability)} ${percent(probability).padStart(5)}` : "–",
      ...(isKnown ? standingCells(standing) : []),
    ];
  });
  const [header = "", ...lines] = table([head, ...rows]);
  return [
    paint("dim", header),
    ...lines.map((line, at) => {
      const { chosen, eligible } = candidates[at] as Candidate;
      return chosen ? paint("green", line) : eligible ? line : paint("dim", line);
    }),
  ];
}

export const STANDING_HEAD = ["tries", "success", "p50", "p95", "quality", "cost"];

/** What is known of an arm, under `STANDING_HEAD`. */
export function standingCells(standing: ArmStanding | undefined): string[] {
  if (standing === undefined) return STANDING_HEAD.map(() => "–");
  const { attempts, successRate, p50Ms, p95Ms, quality, scored, meanTokens, meanCostUsd } = standing;
  return [
    amount(attempts),
    percent(successRate),
    milliseconds(p50Ms),
    milliseconds(p95Ms),
    quality === undefined ? "–" : `${quality.toFixed(2)} (${Math.round(scored)})`,
    meanCostUsd === undefined ? tokens(meanTokens) : `${Number(meanCostUsd.toPrecision(2))} USD`,
  ];
}

function tokens(mean: number): string {
  return mean === 0 ? "none" : `${amount(mean)} tokens`;
}
