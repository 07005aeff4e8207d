// Which decision a result is the outcome of, and what of a log says nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryLog } from "../../../../tests/kit/memory-log.ts";
import { weightsFor } from "../../../learning/posterior/reward.ts";
import { Gatherer } from "./gather.ts";

function newLog(): MemoryLog {
  const log = new MemoryLog();
  log.register({
    name: "answer",
    signature: "question: str -> answer: str",
    implementations: [
      { kind: "dspy", name: "predict", pool: "general", module: "Predict" },
      { kind: "dspy", name: "cot", pool: "general", module: "ChainOfThought" },
    ],
    routing: { weights: { quality: 1, time: 1, cost: 2 } },
  });
  return log;
}

function gather(log: MemoryLog, program?: string): Gatherer {
  const gatherer = new Gatherer(program);
  for (const message of log.messages) gatherer.take(message);
  for (const one of gatherer.unresolved) {
    const message = log.messages[one.decisionSequence - 1];
    gatherer.resolve(one, (message?.json() as { data: unknown } | undefined)?.data ?? {});
  }
  return gatherer;
}

test("a result - is the outcome of its own decision, judged by the program's weights or the request's", () => {
  const log = newLog();
  for (const options of [{}, { prefer: "speed" }]) {
    const intake = log.ask("answer", { question: "why?" }, options);
    const order = log.decide(intake);
    log.work(order, intake);
    log.succeed(order, intake);
  }
  const { decisions } = gather(log);
  assert.equal(decisions.length, 2);
  assert.deepEqual(decisions.asked(0).weights, { quality: 0.25, time: 0.25, cost: 0.5 });
  assert.deepEqual(decisions.asked(1).weights, weightsFor("speed"));
  assert.deepEqual(decisions.circumstances(0).arms, ["predict", "cot"]);
});

test("after a failure - the end counts for the first choice, whatever saved it, or did not", () => {
  const log = newLog();
  const saved = log.ask("answer", { question: "why?" });
  const first = log.decide(saved);
  log.fail(first, saved, "lm_unavailable", log.work(first, saved));
  const again = log.decideNext(saved);
  log.work(again, saved);
  log.succeed(again, saved);
  const lost = log.ask("answer", { question: "where?" });
  const only = log.decide(lost);
  log.fail(only, lost, "lm_unavailable", log.work(only, lost));
  log.end(lost, { status: "failed" });
  const { decisions, unresolved } = gather(log);
  assert.equal(decisions.length, 2);
  assert.equal(unresolved.length, 0);
  assert.deepEqual(decisions.stateSequences, [first.decision.stateSequence, only.decision.stateSequence]);
  assert.deepEqual([decisions.succeeded(0), decisions.succeeded(1)], [true, false]);
});

test("after a hedge - the first choice is looked up in the work", () => {
  const log = newLog();
  const intake = log.ask("answer", { question: "slow?" }, { hedge: true });
  const first = log.decide(intake);
  const sequence = log.work(first, intake);
  const hedge = log.decideHedge(intake, 900);
  log.work(hedge, intake);
  log.succeed(hedge, intake);
  const { decisions, unresolved } = gather(log);
  assert.equal(unresolved[0]?.decisionSequence, sequence);
  assert.deepEqual(decisions.stateSequences, [first.decision.stateSequence]);
});

test("what was no choice, or has no outcome - is counted and left out", () => {
  const log = newLog();
  const named = log.ask("answer", { question: "why?" }, { implementation: "cot" });
  log.succeed(log.decide(named), named);
  const stopped = log.ask("answer", { question: "why?" });
  log.end(stopped, { status: "cancelled", decision: log.decide(stopped).decision });
  const refused = log.ask("answer", { question: "why?" });
  log.end(refused, { status: "failed" });
  const { decisions, leftOut } = gather(log);
  assert.equal(decisions.length, 0);
  assert.deepEqual(leftOut, { cancelled: 1, noChoice: 1, noDecision: 1 });
});

test("feedback - joins by the request, however late", () => {
  const log = newLog();
  const intake = log.ask("answer", { question: "why?" });
  log.succeed(log.decide(intake), intake);
  log.feedback(intake.id, "answer", { score: 0.2, metric: "exact" });
  log.feedback(intake.id, "answer", { score: 0.4, metric: "exact" });
  log.feedback(intake.id, "answer", { score: 0.8, metric: "tone", key: "judge-1" });
  assert.equal(gather(log).decisions.scoreOf(0)?.toFixed(9), "0.600000000");
});

test("one program - leaves the others alone", () => {
  const log = newLog();
  const intake = log.ask("answer", { question: "why?" });
  log.succeed(log.decide(intake), intake);
  assert.equal(gather(log, "answer").decisions.length, 1);
  assert.equal(gather(log, "mood").decisions.length, 0);
});
