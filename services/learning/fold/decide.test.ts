import assert from "node:assert/strict";
import { test } from "node:test";
import { LearningLog } from "../../../tests/kit/learning-log.ts";
import { applyMessage } from "./apply.ts";
import { decideFreeze, decideNext, decidePromote, decideRollback } from "./decide.ts";
import { initialState, type LearnerState } from "./state.ts";

function given(log: LearningLog): LearnerState {
  const state = initialState();
  for (const message of log.messages) applyMessage(state, message);
  return state;
}

test("promote - a challenger's name or settings of one's own, and not what is in force", () => {
  const state = given(new LearningLog());
  const promoted = decidePromote(state, "calmer", "anna");
  assert.equal(promoted.verb, "promoted");
  assert.ok(promoted.verb === "promoted" && promoted.data.to.temper === 0.25 && promoted.data.by === "anna");
  assert.throws(() => decidePromote(state, "standard", "anna"), { code: "not_found" });
  const renamed = { name: "other", rule: "thompson", temper: 0.5, floor: 0.05 } as const;
  assert.throws(() => decidePromote(state, renamed, "anna"), { code: "conflict" });
});

test("roll back - to what was before, as often as there was something", () => {
  const log = new LearningLog();
  assert.throws(() => decideRollback(given(log), "anna", undefined), { code: "conflict" });
  const promoted = decidePromote(given(log), "bolder", "anna");
  log.policy(promoted.verb, promoted.data);
  const back = decideRollback(given(log), "anna", "too bold");
  assert.ok(
    back.verb === "rolled-back" && back.data.to.name === "standard" && back.data.reason === "too bold",
  );
});

test("freeze - only what is registered, and only where it changes something", () => {
  const log = new LearningLog().register("p", ["a", "b"]);
  const freeze = (program: string | undefined, frozen: boolean) =>
    decideFreeze(given(log), { frozen, by: "anna", ...(program !== undefined && { program }) });
  assert.throws(() => freeze("nobody", true), { code: "unknown_program" });
  assert.equal(freeze("p", false), undefined);
  const frozen = freeze("p", true);
  assert.equal(frozen?.verb, "frozen");
  log.policy("frozen", frozen?.data as object);
  assert.equal(freeze("p", true), undefined);
  assert.equal(freeze(undefined, true)?.verb, "frozen");
  // What is not registered any more can still be thawed.
  log.remove("p");
  assert.equal(freeze("p", false)?.verb, "frozen");
});

test("a verdict of the bets - is written once, and gone when other settings are in force", () => {
  const log = new LearningLog().register("p", ["bad", "good"]);
  const uniform = { name: "uniform", rule: "uniform", temper: 1, floor: 1 } as const;
  const chosen = decidePromote(given(log), uniform, "anna");
  log.policy(chosen.verb, chosen.data);
  for (let n = 0; n < 3_000 && given(log).contest.verdict === undefined; n += 150) {
    for (let k = 0; k < 150; k++) {
      log.wait(1);
      if (k % 2 === 0) log.fail({ implementation: "bad" });
      else log.succeed({ implementation: "good" });
    }
  }
  const next = decideNext(given(log));
  assert.ok(next?.verb === "promoted" || next?.verb === "rolled-back", next?.verb);
  assert.equal(next.data.by, "learning");
  assert.ok((next.data.evidence?.wealth ?? 0) >= (next.data.evidence?.threshold ?? Number.POSITIVE_INFINITY));
  assert.ok((next.data.evidence?.estimated ?? 0) > (next.data.evidence?.logged ?? 1));
  log.policy(next.verb, next.data);
  const after = given(log);
  assert.deepEqual(after.policy.settings, next.data.to);
  assert.equal(after.contest.verdict, undefined);
  assert.notEqual(decideNext(after)?.verb, next.verb);
});

test("a verdict - is void when learning is frozen", () => {
  const log = new LearningLog().register("p", ["bad", "good"]);
  const state = given(log);
  const { settings } = state.policy;
  const evidence = { decisions: 1, wealth: 60, threshold: 50, logged: 0, estimated: 1, halfWidth: 0 };
  state.contest.verdict = {
    verb: "promoted",
    to: { ...settings, temper: 1 },
    reason: "",
    evidence,
    sequence: 1,
  };
  assert.equal(decideNext(state)?.verb, "promoted");
  log.policy("frozen", { frozen: true, by: "anna" });
  applyMessage(state, log.messages.at(-1) as never);
  assert.equal(decideNext(state), undefined);
});
