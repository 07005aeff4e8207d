import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import { initialPerformance, reportOf, withTurn } from "./performance.ts";

function turn(more: Partial<SessionTurnAdded>): SessionTurnAdded {
  return {
    user: "ann",
    session: "s",
    turn: 1,
    id: "ann.c.1",
    status: "succeeded",
    program: "answer",
    implementation: "predict",
    worker: "general/0",
    usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.5 },
    totalMs: 100,
    contextVersion: 0,
    history: [],
    log: { requests: [1], work: [], failures: [], result: 2 },
    ...more,
  };
}

const report = (turns: readonly Partial<SessionTurnAdded>[]) =>
  reportOf(turns.reduce((before, one) => withTurn(before, turn(one)), initialPerformance()));

test("no turn yet - nothing is made up", () => {
  assert.deepEqual(report([]), {
    turns: 0,
    inputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
    implementations: {},
    programs: {},
  });
});

test("a few turns - latency, success, tokens, money, mix and affinity", () => {
  const told = report([
    { totalMs: 100 },
    { totalMs: 300, implementation: "chain", worker: "general/1" },
    { status: "failed", totalMs: 5_000, worker: "general/1" },
  ]);
  assert.deepEqual(told, {
    turns: 3,
    successRate: 2 / 3,
    latencyMs: { mean: 200, max: 300, last: 300 },
    inputTokens: 30,
    outputTokens: 15,
    costUsd: 1.5,
    implementations: { predict: 0.5, chain: 0.5 },
    programs: {
      answer: { turns: 3, successRate: 2 / 3, meanMs: 200, affinity: { hits: 1, of: 2, rate: 0.5 } },
    },
    affinity: { hits: 1, of: 2, rate: 0.5 },
  });
});

test("trend - the newest eight beside the eight before", () => {
  const slow = Array.from({ length: 8 }, () => ({ totalMs: 200 }));
  const quick = Array.from({ length: 7 }, () => ({ totalMs: 100 }));
  assert.equal(report([...slow, ...quick]).trend, undefined, "fifteen are not enough");
  const told = report([...slow, ...quick, { status: "failed" }]);
  assert.deepEqual(told.trend, { latency: 0.5, successRate: -1 / 8 });
});

test("bounds - of many implementations the later ones share one name", () => {
  const many = Array.from({ length: 20 }, (_, n) => ({ implementation: `i${n}` }));
  const { implementations } = report(many);
  assert.equal(Object.keys(implementations).length, 9);
  assert.equal(implementations.other, 12 / 20);
});

test("affinity - is where the program's turn before was answered, whatever was in between", () => {
  const { affinity, programs } = report([
    { program: "chat", worker: "general/0" },
    { program: "mood", worker: "native/1", slot: 2 },
    { program: "chat", worker: "general/0" },
    { program: "words", worker: "native/1" },
    { program: "words", worker: "native/1" },
    { program: "mood", worker: "native/2", slot: 2 },
    { program: "mood", worker: "native/2", slot: 3 },
    { program: "chat", worker: "general/1" },
    { program: "chat", worker: "general/0", status: "failed" },
    { program: "chat", worker: "general/1" },
  ]);
  assert.deepEqual(programs.chat?.affinity, { hits: 2, of: 4, rate: 0.5 });
  assert.deepEqual(programs.mood?.affinity, { hits: 1, of: 2, rate: 0.5 }, "the slot counts");
  assert.equal(programs.words?.affinity, undefined);
  assert.deepEqual(affinity, { hits: 3, of: 6, rate: 0.5 });
});

test("a pool's worker with a slot - both have to be the same", () => {
  const turns = [
    ["general/0", 1],
    ["general/0", 1],
    ["general/1", 1],
    ["general/1", 2],
  ] as const;
  const { affinity } = report(turns.map(([worker, slot]) => ({ worker, slot })));
  assert.deepEqual(affinity, { hits: 1, of: 3, rate: 1 / 3 });
});

test("bounds - of many programs the later ones share one name, and no place", () => {
  const { programs } = report(Array.from({ length: 20 }, (_, n) => ({ program: `p${n}` })));
  assert.equal(Object.keys(programs).length, 9);
  assert.deepEqual(programs.other, { turns: 12, successRate: 1, meanMs: 100 });
});
