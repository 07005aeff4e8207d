// How good is learned routing, by simulation, and what does a decision cost?
//
// The nine environments of docs/routing.md through the router's own statistics and strategy, against an oracle, simpler
// policies, the rule that ours began with and LiteLLM's strategies; adaptation to a failure; intervals of off-policy
// estimates; promotion. `--seeds 20` for a quick look, `--only bg` for some environments alone.

import { parseArgs } from "node:util";
import { LEARNING_EVOLVE_VERSION } from "../services/learning/statistics/state.ts";
import { RULES_VERSION } from "../services/router/strategies/rules.ts";
import { Report } from "./kit/report.ts";
import { benchSettings } from "./kit/settings.ts";
import { ENVIRONMENTS } from "./routing/environments.ts";
import { reportAdaptation, reportFamilies } from "./routing/report-adaptation.ts";
import { reportContest } from "./routing/report-contest.ts";
import { reportCosts } from "./routing/report-costs.ts";
import { reportEnvironments } from "./routing/report-environments.ts";
import { reportEvaluation, reportPromotion } from "./routing/report-evaluation.ts";

const settings = benchSettings({ rounds: 9, seconds: 0.1 });
const { values } = parseArgs({
  options: { seeds: { type: "string" }, only: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
const only = typeof values.only === "string" ? values.only : undefined;
const count = typeof values.seeds === "string" ? Number(values.seeds) : settings.short ? 2 : 100;
const seeds = Array.from({ length: count }, (_, seed) => seed);

const report = new Report(import.meta.filename, settings);
report.put("seeds", count);
report.put("versions", { rules: RULES_VERSION, statistics: LEARNING_EVOLVE_VERSION });
if (only === undefined) await reportCosts(report, settings);
reportEnvironments(report, seeds, only ?? Object.keys(ENVIRONMENTS).join(""));
if (only === undefined) {
  reportAdaptation(report, seeds);
  reportFamilies(report, seeds);
  reportEvaluation(report, seeds, settings.short ? [500] : [2_000, 10_000]);
  reportPromotion(report, settings.short ? 20 : 4 * count);
  reportContest(report, settings.short ? 2 : count, settings.short ? 500 : 3_000);
}
report.finish();
