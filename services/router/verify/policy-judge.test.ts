// Another policy is asked each decision from the statistics of that moment.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import { choiceOf } from "../../learning/evaluate/from-log.ts";
import { GatheredDecisions } from "../../learning/evaluate/gathered.ts";
import { JudgedDecisions } from "../../learning/evaluate/judged.ts";
import { STANDARD_SETTINGS } from "../../learning/policy/state.ts";
import { BALANCED, weightsFor } from "../../learning/posterior/reward.ts";
import { judgeWalk, type PolicyJudgeOptions } from "./policy-judge.ts";

const log = new MemoryLog();
const gathered = new GatheredDecisions();
const decisions: Decision[] = [];
log.register({
  name: "answer",
  signature: "question: str -> answer: str",
  implementations: [
    { kind: "dspy", name: "predict", pool: "general", module: "Predict" },
    { kind: "dspy", name: "cot", pool: "general", module: "ChainOfThought" },
    { kind: "native", name: "none", lastResort: true },
  ],
});
for (let n = 0; n < 80; n++) {
  const intake = log.ask("answer", { question: `why ${n}?` });
  const order = log.decide(intake, n % 2 === 0 ? {} : { general: n % 9 });
  const isSlow = order.implementation.name === "cot";
  if (isSlow || n % 3 !== 0) log.succeed(order, intake, isSlow ? 4_000 : 300);
  else log.end(intake, { status: "failed", order, decision: order.decision });
  const choice = choiceOf(order.decision);
  assert.ok(choice !== undefined);
  decisions.push(order.decision);
  gathered.add(choice, order.decision, {
    sequence: log.messages.length,
    id: intake.id,
    version: order.definition.version,
    result: {
      status: "succeeded",
      usage: { inputTokens: 0, outputTokens: 0 },
      timings: { queueMs: 0, routeMs: 0, runMs: 1, totalMs: 1 },
    },
    weights: BALANCED,
  });
}

/** What the policy would choose at each decision, by arm. */
function choices(options: Partial<PolicyJudgeOptions>): number[][] {
  const found: number[][] = [];
  const judged = new JudgedDecisions(gathered);
  judged.set = (index, probabilities) => {
    found[index] = Array.from(probabilities);
  };
  const usual = { settings: undefined, weights: undefined, headSequence: 1 };
  const walk = judgeWalk(gathered, judged, { ...usual, ...options });
  for (const message of log.messages) walk.take(message);
  walk.end();
  return found;
}

test("the settings in force - would choose with the recorded probabilities, to the last bit", () => {
  const recorded = decisions.map(({ candidates }) =>
    candidates.filter(({ eligible }) => eligible).map(({ probability }) => probability),
  );
  assert.deepEqual(choices({}), recorded);
  assert.deepEqual(choices({ settings: STANDARD_SETTINGS }), recorded);
});

test("other settings, other weights - choose otherwise", () => {
  const usual = choices({}).at(-1) ?? [];
  const flat = choices({ settings: { ...STANDARD_SETTINGS, floor: 1 } }).at(-1) ?? [];
  assert.deepEqual(flat, [0.5, 0.5]);
  const hurried = choices({ weights: weightsFor("speed") }).at(-1) ?? [];
  assert.ok((hurried[0] ?? 0) > (usual[0] ?? 1), "predict is ten times as fast");
});

test("where the state is no longer whole - the policy is not asked", () => {
  assert.deepEqual(choices({ headSequence: 10 }), []);
});
