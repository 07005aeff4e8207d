// What one decision costs, decision by decision: the same decisions are taken again and again, and the median of each
// is kept, so that what neighbours on the machine do does not count.

import type { Implementation } from "../../schemas/messages/program-event.ts";
import { armProbabilities, pick } from "../../services/learning/posterior/policy.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";
import { kindIndex, type ProgramStatistics } from "../../services/learning/statistics/state.ts";
import { definitionOf } from "../../services/programs/definition.ts";
import { decideRequest } from "../../services/router/decide.ts";
import { evolve } from "../../services/router/evolve.ts";
import { type Intake, readIntake } from "../../services/router/intake.ts";
import { initialState } from "../../services/router/state.ts";
import { uniform } from "../../services/router/strategies/thompson/draw.ts";
import { PAYLOAD_TEXT } from "../kit/payload.ts";
import { percentile, sorted, spread } from "../kit/statistics.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { learned } from "./policies/learned.ts";
import { simulate } from "./simulate.ts";

const ROUNDS = 15;
const WARM_UP = 20_000;
const ARMS = 20;
const OUTCOMES = 1_000;

/** µs over all decisions. */
export interface DecisionCost {
  median: number;
  p99: number;
}

/** The rule alone: probabilities of twenty arms, and the draw. */
export function ruleCost(decisions: number): DecisionCost {
  const policy = learned(1);
  simulate((ENVIRONMENTS.g as (typeof ENVIRONMENTS)[string]).make(1), 1, OUTCOMES, policy);
  const program = policy.state.programs.get("program") as ProgramStatistics;
  const arms = [...program.arms.values()];
  const loads = new Uint8Array(arms.length);
  return costOf(decisions, (n) => {
    armProbabilities(program, arms, arms.length, kindIndex(program, "task"), n & 3, loads, BALANCED);
    return pick(arms.length, uniform(1, `local.0f3c5a7e9b1d24680a.${n}`));
  });
}

/** All that a router decides of a request: inputs checked, task analysed, capabilities, the rule, the plan. */
export function decisionCost(decisions: number): DecisionCost {
  const implementations = Array.from(
    { length: ARMS },
    (_, n): Implementation => ({
      kind: "structured",
      name: `arm-${n}`,
      capabilities: { contextTokens: 8_192, vision: false },
    }),
  );
  const signature = 'message: str -> team: Literal["billing", "technical"]';
  const definition = definitionOf({ name: "p", signature, implementations });
  const state = evolve(initialState(), { kind: "program-registered", sequence: 1, timeMs: 0, definition });
  const abilities = { hasFunction: () => true, isLogFull: () => false };
  const decide = (n: number) => decideRequest(state, intakes[n % intakes.length] as Intake, {}, abilities);
  const intakes = Array.from({ length: Math.max(decisions, OUTCOMES) }, (_, n) => intakeOf(n));
  for (let n = 0; n < OUTCOMES; n++) {
    const action = decide(n);
    if (action.kind !== "attempt") throw action.error;
    const { place } = action.order.decision.features as { place: { arm: string } };
    const rank = Number(/\d+/.exec(place.arm)?.[0]);
    const learned = {
      kind: "outcome" as const,
      sequence: n + 2,
      place: { ...place, program: "p", task: "label/low/english", length: 1, load: 0 },
      outcome: { success: uniform(2, String(n)) < 0.5 + rank / 50, inTime: 0.8, thrift: 0.5 },
    };
    evolve(state, { kind: "result", sequence: n + 2, timeMs: n, id: `local.x.${n}`, learned });
  }
  return costOf(decisions, (n) => (decide(n).kind === "attempt" ? 1 : 0));
}

function intakeOf(n: number): Intake {
  return readIntake("local", "p", {
    sequence: n + 2,
    timeMs: n,
    data: Buffer.from(JSON.stringify({ message: PAYLOAD_TEXT })),
    header: (name) => (name === "Dspex-Id" ? `local.0f3c5a7e9b1d24680a.${n + 1}` : undefined),
  });
}

function costOf(decisions: number, decide: (n: number) => number): DecisionCost {
  let sink = 0;
  for (let n = 0; n < WARM_UP; n++) sink += decide(n % decisions);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const taken = new Float64Array(decisions);
    for (let n = 0; n < decisions; n++) {
      const before = performance.now();
      sink += decide(n);
      taken[n] = (performance.now() - before) * 1_000;
    }
    return taken;
  });
  if (sink < 0) throw new Error("unreachable");
  const each = sorted(
    Array.from({ length: decisions }, (_, n) => spread(rounds.map((round) => round[n] as number)).median),
  );
  return { median: percentile(each, 0.5), p99: percentile(each, 0.99) };
}
