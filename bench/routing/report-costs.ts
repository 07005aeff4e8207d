// The table of what routing costs: a decision among twenty arms, an outcome, a task's analysis.

import { parseSignature } from "../../schemas/signature/mod.ts";
import { evolve } from "../../services/learning/statistics/evolve.ts";
import { analyseTask } from "../../services/router/analysis/analyse.ts";
import { profileTask } from "../../services/router/analysis/profile.ts";
import { micro } from "../kit/micro.ts";
import { PAYLOAD_TEXT } from "../kit/payload.ts";
import { type Report, shown } from "../kit/report.ts";
import type { BenchSettings } from "../kit/settings.ts";
import { COST_AIM } from "./aims.ts";
import { decisionCost, ruleCost } from "./decision-cost.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { learned } from "./policies/learned.ts";
import { simulate } from "./simulate.ts";

export async function reportCosts(report: Report, settings: BenchSettings): Promise<void> {
  const decisions = settings.short ? 200 : 2_000;
  const whole = decisionCost(decisions);
  const rule = ruleCost(decisions);
  const profile = profileTask(parseSignature('message: str -> team: Literal["billing", "technical"]'));
  const analysis = (name: string, message: string) => ({
    name: `analysis of ${name}`,
    run: (count: number) => repeat(count, () => analyseTask(profile, { message }, {}, 0)),
  });
  const measured = await micro(
    [
      outcomeCase(),
      analysis("400 B", PAYLOAD_TEXT),
      analysis("4 KiB", textOf(4_096)),
      analysis("64 KiB", textOf(65_536)),
    ],
    settings,
  );
  report.put("decisionMicros", { whole, rule });
  report.put("micros", measured);
  report.table({
    title: "cost, µs",
    columns: ["", "found", "aim"],
    rows: [
      ["decision among twenty, all of it, median", shown(whole.median), `≤ ${COST_AIM.median}`],
      ["decision among twenty, all of it, p99", shown(whole.p99), `≤ ${COST_AIM.p99}`],
      ["of that the rule, median", shown(rule.median), ""],
      ["of that the rule, p99", shown(rule.p99), ""],
      ...measured.map(({ name, micros }) => [
        name,
        shown(micros.median),
        name.startsWith("analysis") ? `≤ ${COST_AIM.analysis}` : "",
      ]),
    ],
  });
}

/** One outcome with its score, of a program with twenty arms. */
function outcomeCase(): { name: string; run: (count: number) => unknown } {
  const { state, ...policy } = learned(1);
  simulate((ENVIRONMENTS.g as (typeof ENVIRONMENTS)[string]).make(1), 1, 1_000, policy);
  const place = { program: "program", arm: "arm-3@1", task: "task", length: 1, load: 0 };
  let n = 0;
  const one = () => {
    n++;
    const outcome = { success: n % 5 !== 0, inTime: n % 2, thrift: 0.5, quality: 0.7 };
    return evolve(state, { kind: "outcome", sequence: n, place, outcome });
  };
  return { name: "outcome with a score, folded", run: (count) => repeat(count, one) };
}

function repeat(count: number, run: () => unknown): unknown {
  let last: unknown;
  for (let at = 0; at < count; at++) last = run();
  return last;
}

/** Flat, as texts are that were read from JSON. */
function textOf(length: number): string {
  const sentence = "The invoice of May is wrong because it lists 12 seats, and we pay for 9 of them. ";
  return Buffer.from(sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length)).toString();
}
