import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import type { ArmStanding, PolicyPromoted, PolicyUpdated } from "../../../schemas/messages/policy-event.ts";
import { decideRequest } from "../../router/decide.ts";
import { evolve } from "../../router/evolve.ts";
import { readIntake } from "../../router/intake.ts";
import { initialState } from "../../router/state.ts";
import {
  at,
  decision,
  definition,
  explained,
  keyOf,
  ran,
  result,
  SETTINGS,
  START,
  story,
  work,
} from "./example-story.ts";

test("what is known of an arm - is what was published for this kind of task", () => {
  const standing = (name: string): ArmStanding => ({
    arm: keyOf(name),
    implementation: name,
    attempts: 41,
    successRate: 0.95,
    scored: 3,
    quality: 0.9,
    meanTokens: 0,
    reward: 0.83,
    probability: 0.9,
  });
  const arms = [standing("words"), { ...standing("small"), arm: "small@of-an-older-declaration" }];
  const strategies = [{ task: "label/low/english", arms }];
  const data: PolicyUpdated = {
    version: 2,
    coveredSequence: 30,
    outcomes: 41,
    settings: SETTINGS,
    programs: [{ program: "triage", strategies, calibrations: [] }],
  };
  const evidence = { sequence: 31, timeMs: START, data };
  const published = { sequence: 35, timeMs: START, data: { ...data, version: 3, programs: [] } };
  const changed: PolicyPromoted = { from: SETTINGS, to: SETTINGS, by: "learning", coveredSequence: 9 };
  const change = { verb: "promoted", sequence: 10, timeMs: START, data: changed } as const;
  const told = story({
    work: [work(1, "words", decision("words"), 42)],
    policy: { settings: SETTINGS, change, published, evidence },
  });
  const { candidates, policy } = explained(told);
  assert.deepEqual(candidates[0]?.standing, standing("words"));
  assert.equal(candidates[1]?.standing, undefined);
  assert.deepEqual(policy, {
    version: "3",
    settings: SETTINGS,
    change: { verb: "promoted", sequence: 10, time: at(0), by: "learning" },
    published: { sequence: 35, time: at(0), coveredSequence: 30, outcomes: 41 },
    evidence: { version: 2, sequence: 31, time: at(0), task: "label/low/english" },
  });
});

test("what never was decided - says what was wrong", () => {
  const error = new DspexError(
    "invalid_inputs",
    "triage: inputs.message: expected str, got nothing",
  ).toWire();
  const refused = result([], { status: "failed", error });
  const told = story({ asked: { inputs: {}, options: {} }, result: refused });
  const { summary, decision: taken, candidates, status } = explained(told);
  assert.equal(taken, undefined);
  assert.equal(status, "failed");
  assert.equal(summary, `It failed: invalid_inputs: ${error.message}.`);
  assert.ok(candidates.every(({ why }) => why === "no decision was taken"));
  assert.equal(explained(story()).summary, "It waits to be routed.");
  assert.equal(
    explained(story({ result: result([], { status: "cancelled" }) })).summary,
    "It was cancelled.",
  );
});

test("what the log has forgotten - is left out, and the rest is told", () => {
  const told = story({
    definition: undefined,
    asked: undefined,
    policy: undefined,
    result: result([ran(1, "words")], { decision: decision("words") }),
  });
  const { analysis, request, candidates, policy } = explained(told);
  assert.deepEqual([analysis, request.options, policy], [undefined, undefined, undefined]);
  assert.deepEqual(
    candidates.map(({ kind }) => kind),
    new Array(4).fill("unknown"),
  );
  assert.match(candidates[0]?.why ?? "", /^chosen: expected to do best/);
});

test("decisions of the router - are explained by numbers that agree with them", () => {
  let state = initialState();
  state = evolve(state, { kind: "program-registered", sequence: 1, timeMs: START, definition });
  const abilities = { isLogFull: () => false, hasFunction: () => true };
  const chosen = new Set<string>();
  for (let n = 1; n <= 200; n++) {
    const inputs = { message: "My invoice is wrong." };
    const data = Buffer.from(JSON.stringify(inputs));
    const header = (name: string) => (name === "Dspex-Id" ? `local.c.${n}` : undefined);
    const intake = readIntake("local", "triage", { sequence: n + 1, timeMs: START, data, header });
    const action = decideRequest(state, intake, { native: 1 }, abilities);
    assert.ok(action.kind === "attempt");
    const { decision: taken, implementation } = action.order;
    const told = story({ id: intake.id, work: [work(1, implementation.name, taken, n + 2)] });
    const { decision: shown, analysis, candidates } = explained(told);
    const { from, to, number, probability } = shown?.draw ?? { from: 1, to: 0, number: 1, probability: 0 };
    assert.ok(from <= number && number < to, `${number} is not in ${from}–${to}`);
    assert.ok(Math.abs(to - from - probability) < 1e-9);
    assert.equal(analysis?.kind, shown?.place?.task);
    assert.equal(analysis?.complexity.score, shown?.features.complexity);
    assert.deepEqual(
      candidates.filter((one) => one.chosen).map((one) => one.implementation),
      [implementation.name],
    );
    chosen.add(implementation.name);
    const answered = story({ id: intake.id, result: result([ran(1, "words")], { decision: taken }) });
    assert.deepEqual(explained(answered).decision?.plan, action.order.plan);
  }
  assert.ok(chosen.size > 1, "chance had a part");
});
