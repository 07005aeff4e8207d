// The table of settings that compete on the router's own decisions: promises kept, and how soon better ones are found.

import type { PolicySettings } from "../../schemas/messages/policy-event.ts";
import { STANDARD_SETTINGS } from "../../services/learning/policy/state.ts";
import { type Report, shown } from "../kit/report.ts";
import { percentile, sorted } from "../kit/statistics.ts";
import { PROMOTION_AIM } from "./aims.ts";
import { alike, type ContestRun, runContest } from "./contest.ts";
import type { Environment } from "./environment.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { mean } from "./measure.ts";

const CHAMPIONS: PolicySettings[] = [
  STANDARD_SETTINGS,
  { name: "uniform", rule: "uniform", temper: 1, floor: 1 },
  { name: "temper 3, floor 20 %", rule: "thompson", temper: 3, floor: 0.2 },
];

const WORLDS: readonly (readonly [name: string, make: (seed: number) => Environment])[] = [
  ["all arms alike", alike],
  ...[..."abd"].map((letter) => {
    const { title, make } = ENVIRONMENTS[letter] as (typeof ENVIRONMENTS)[string];
    return [title, make] as const;
  }),
];

export function reportContest(report: Report, runs: number, requests: number): void {
  const rows = WORLDS.flatMap(([world, make]) =>
    CHAMPIONS.map((champion) => {
      const all = Array.from({ length: runs }, (_, seed) => runContest(make(seed), seed, requests, champion));
      const won = all.filter(
        (one): one is ContestRun & { promotedAt: number } => one.promotedAt !== undefined,
      );
      const wrong = won.filter(({ gain }) => gain <= 1e-9);
      const numbers = {
        promotedPercent: (100 * won.length) / runs,
        wrongPercent: (100 * wrong.length) / runs,
        median: won.length === 0 ? Number.NaN : percentile(sorted(won.map((one) => one.promotedAt)), 0.5),
        gain: won.length === 0 ? 0 : mean(won.map(({ gain }) => gain)),
      };
      report.put(`contest-${world}-${champion.name}`, numbers);
      return [
        `${world}: ${champion.name}`,
        numbers.promotedPercent.toFixed(1),
        numbers.wrongPercent.toFixed(1),
        won.length === 0 ? "–" : shown(numbers.median),
        numbers.gain.toFixed(1),
      ];
    }),
  );
  report.table({
    title: `settings that compete on the champion's own decisions, looked at after each of ${requests}, ${runs} runs`,
    columns: ["", "promoted %", "… though no better, %", "median decision", "true gain, points"],
    rows: [...rows, ["aim", "", `≤ ${PROMOTION_AIM.falsePromotions}`, "", ""]],
  });
}
