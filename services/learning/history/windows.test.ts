import assert from "node:assert/strict";
import { test } from "node:test";
import { historyOf } from "./answer.ts";
import { newHistory, observeHistory } from "./windows.ts";

const NOW = Date.parse("2026-03-02T10:30:30Z");
const MINUTE_MS = 60_000;
const usage = { inputTokens: 10, outputTokens: 5, costUsd: 0.01 };

test("history - tells attempts, failures by code, latencies, costs and scores of each window", () => {
  const state = newHistory();
  for (let n = 1; n <= 100; n++) {
    observeHistory(state, "p", "a", NOW, { kind: "succeeded", latencyMs: n, usage });
  }
  observeHistory(state, "p", "a", NOW, { kind: "failed", code: "lm_timeout", usage: undefined });
  observeHistory(state, "p", "a", NOW, { kind: "failed", code: "lm_timeout", usage });
  observeHistory(state, "p", "a", NOW, { kind: "scored", score: 0.5 });
  observeHistory(state, "p", "a", NOW, { kind: "scored", score: 1 });
  const answer = historyOf("p", state.programs.get("p") ?? new Map(), NOW, undefined, 1e6);
  const [minute] = answer.implementations[0]?.minute ?? [];
  assert.equal(minute?.start, "2026-03-02T10:30:00.000Z");
  assert.deepEqual([minute?.attempts, minute?.succeeded, minute?.failures], [102, 100, { lm_timeout: 2 }]);
  assert.ok(Math.abs((minute?.p50Ms ?? 0) / 50 - 1) < 0.08 && Math.abs((minute?.p95Ms ?? 0) / 95 - 1) < 0.08);
  assert.deepEqual([minute?.tokens, minute?.quality, minute?.scored], [101 * 15, 0.75, 2]);
  assert.ok(Math.abs((minute?.costUsd ?? 0) - 1.01) < 1e-9);
});

test("history - forgets what is older than its windows, also where nothing came since", () => {
  const state = newHistory();
  const succeeded = { kind: "succeeded", latencyMs: 5, usage } as const;
  observeHistory(state, "p", "a", NOW - 90 * MINUTE_MS, succeeded);
  observeHistory(state, "p", "a", NOW - 30 * MINUTE_MS, succeeded);
  const at = (nowMs: number) => {
    const [one] = historyOf("p", state.programs.get("p") ?? new Map(), nowMs, "a", 1e6).implementations;
    return [one?.minute.length, one?.hour.length, one?.day.length];
  };
  assert.deepEqual(at(NOW), [1, 2, 1]);
  assert.deepEqual(at(NOW + 60 * MINUTE_MS), [0, 2, 1]);
  assert.deepEqual(at(NOW + 50 * 60 * MINUTE_MS), [0, 0, 1]);
});

test("history - leaves out the finest windows where the answer would be too long", () => {
  const state = newHistory();
  for (let minute = 0; minute < 60; minute++) {
    const timeMs = NOW - minute * MINUTE_MS;
    observeHistory(state, "p", `a${minute % 5}`, timeMs, { kind: "succeeded", latencyMs: 5, usage });
  }
  const series = state.programs.get("p") ?? new Map();
  assert.deepEqual(historyOf("p", series, NOW, undefined, 1e6).omitted, []);
  const short = historyOf("p", series, NOW, undefined, 6_000);
  assert.deepEqual(short.omitted, ["minute"]);
  assert.ok(JSON.stringify(short).length <= 6_000 && short.implementations.length === 5);
});
