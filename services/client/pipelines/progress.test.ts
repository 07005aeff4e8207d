import assert from "node:assert/strict";
import test from "node:test";
import type { RunEventAnswer } from "./answers.ts";
import { ProgressFold } from "./progress.ts";
import { SHARED_CASES } from "./shared-cases.ts";

const error = { code: "internal", message: "no", retryable: true };

function event(
  second: number,
  verb: RunEventAnswer["verb"],
  steps: object[],
  data: object = {},
): RunEventAnswer {
  return { sequence: second, time: new Date(second * 1_000).toISOString(), verb, data: { steps, ...data } };
}

test("progress - counts stages, items by how many have ended, and never forgets", () => {
  const fold = new ProgressFold(SHARED_CASES.research);
  assert.deepEqual(
    fold.now().stages.map(({ name, within, kind }) => [[...within, name].join("/"), kind]),
    [
      ["retrieve", "call"],
      ["notes", "map"],
      ["notes/note", "call"],
      ["draft", "call"],
      ["check", "call"],
      ["better", "call"],
    ],
  );
  fold.apply(event(10, "started", [{ kind: "started", stage: 0, name: "retrieve", n: 1 }]));
  assert.equal(fold.now().percent, 0);
  fold.apply(
    event(12, "stage-finished", [
      { kind: "finished", stage: 0, name: "retrieve", n: 1, durationMs: 2_000 },
      { kind: "started", stage: 1, name: "notes", n: 1, items: 2 },
      { kind: "started", stage: 2, name: "note", n: 1, path: "notes[0]" },
      { kind: "started", stage: 2, name: "note", n: 2, path: "notes[1]" },
    ]),
  );
  assert.equal(fold.now().percent, 20);
  fold.apply(
    event(13, "stage-failed", [
      { kind: "failed", stage: 2, name: "note", n: 1, path: "notes[0]", error, durationMs: 5, next: "retry" },
    ]),
  );
  assert.equal(fold.now().stages[2]?.status, "backoff");
  fold.apply(
    event(14, "stage-started", [
      { kind: "started", stage: 2, name: "note", n: 3, path: "notes[0]" },
      { kind: "finished", stage: 2, name: "note", n: 2, path: "notes[1]", durationMs: 7 },
      { kind: "left", stage: 1, path: "notes[1]" },
    ]),
  );
  const { percent, elapsedMs, stages } = fold.now();
  assert.deepEqual([percent, elapsedMs], [30, 4_000]);
  assert.deepEqual(stages[2], {
    stage: 2,
    name: "note",
    within: ["notes"],
    kind: "call",
    status: "running",
    started: 3,
    running: 1,
    finished: 1,
    failed: 0,
    skipped: 0,
    workMs: 12,
    startedAt: "1970-01-01T00:00:12.000Z",
    error,
  });
  fold.apply(
    event(15, "finished", [{ kind: "skipped", stage: 5, name: "better", why: "when" }], {
      status: "failed",
      stages: [],
    }),
  );
  const last = fold.now();
  assert.deepEqual([last.status, last.percent], ["failed", 100]);
  assert.equal(last.stages[2]?.status, "finished");
  assert.equal(last.stages[3]?.status, "waiting");
  assert.equal(last.stages[5]?.status, "skipped");
});

test("progress - without the definition, stages are listed as they begin", () => {
  const fold = new ProgressFold();
  fold.apply(event(1, "started", [{ kind: "started", stage: 4, name: "inner", n: 1, path: "a[2]/b[0]" }]));
  assert.deepEqual(
    fold.now().stages.map(({ name, within }) => [name, within]),
    [["inner", ["a", "b"]]],
  );
});

test("progress - what stands in for a stage ends with it once; what is given up runs no more", () => {
  const fold = new ProgressFold();
  const call = (kind: string, n: number, more: object = {}) => ({ kind, stage: 1, name: "c", n, ...more });
  fold.apply(
    event(1, "started", [
      call("started", 1, { path: "r[0]" }),
      call("started", 2, { path: "r[1]/m[0]" }),
      call("started", 3, { path: "r[2]" }),
    ]),
  );
  const failed = call("failed", 1, { path: "r[0]", error, durationMs: 5, next: "value" });
  const finished = call("finished", 1, { path: "r[0]", durationMs: 5, fallback: "value" });
  fold.apply(event(2, "stage-failed", [failed]));
  assert.deepEqual([fold.now().stages[0]?.running, fold.now().stages[0]?.failed], [3, 0]);
  fold.apply(event(3, "stage-finished", [finished, { kind: "dropped", stage: 0, path: "r[1]" }]));
  const [stage] = fold.now().stages;
  assert.deepEqual([stage?.running, stage?.finished, stage?.failed, stage?.status], [1, 1, 0, "running"]);
});
