import assert from "node:assert/strict";
import test from "node:test";
import type { StageProgress } from "../../../client/mod.ts";
import { runLines } from "./run-lines.ts";

const stage = (number: number, name: string, more: Partial<StageProgress> = {}): StageProgress => ({
  stage: number,
  name,
  within: [],
  kind: "call",
  status: "waiting",
  started: 0,
  running: 0,
  finished: 0,
  failed: 0,
  skipped: 0,
  workMs: 0,
  ...more,
});

const view = {
  pipeline: "brief",
  run: "r1",
  status: "running" as const,
  percent: 40,
  startedAt: "2026-01-01T00:00:00.000Z",
  elapsedMs: 5_000,
  stages: [
    stage(0, "find", { status: "finished", started: 1, finished: 1, workMs: 120 }),
    stage(1, "each", {
      status: "running",
      kind: "map",
      started: 1,
      running: 1,
      items: 3,
      startedAt: "2026-01-01T00:00:01.000Z",
    }),
    stage(2, "one", {
      status: "running",
      within: ["each"],
      started: 3,
      running: 2,
      finished: 1,
      workMs: 900,
    }),
    stage(3, "sign", { status: "running", kind: "signal", started: 1, running: 1, signal: "boss" }),
    stage(4, "last", {
      status: "failed",
      started: 1,
      failed: 1,
      error: { code: "internal", message: "it broke and told a long story of it", retryable: false },
    }),
  ],
};
const plain = (_style: string, text: string) => text;

test("run - a bar, and each stage with its count, its time, or why it waits", () => {
  assert.deepEqual(runLines(view, { paint: plain, columns: 100, rows: 20 }), [
    "brief  running  ██████▍            40 %    5.0 s  r1",
    "  ✓ find              120 ms",
    "  ▸ each   3 items    4.0 s",
    "  ▸   one  1/3        900 ms",
    "  ▸ sign              waits for signal boss",
    "  ✗ last              internal: it broke and told a long story of it",
  ]);
});

test("run - a line never becomes two, and what is on is shown where there is no room for all", () => {
  const lines = runLines(view, { paint: plain, columns: 40, rows: 5 });
  assert.deepEqual(lines.slice(1), [
    "  ▸ each   3 items    4.0 s",
    "  ▸   one  1/3        900 ms",
    "  ▸ sign              waits for signal b",
    "  … 2 more stages",
  ]);
  assert.equal(lines[0], "brief  running   40 %    5.0 s");
  assert.ok(lines.every((line) => line.length <= 40));
});
