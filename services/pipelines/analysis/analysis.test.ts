import assert from "node:assert/strict";
import { test } from "node:test";
import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import { compile } from "../definition/compile.ts";
import { normalise } from "../definition/normalise.ts";
import type { PipelinesEvent } from "../event.ts";
import { type AnalysedRun, analyse } from "./analyse.ts";

const from = (reference: string) => ({ $from: reference });
const call = (name: string, inputs: object, more: object = {}) => ({
  name,
  kind: "call",
  program: "p",
  inputs,
  keep: true,
  ...more,
});
const { definition, version } = normalise({
  name: "timed",
  signature: "t: str -> out: Any",
  stages: [
    call("slow", { t: from("inputs.t") }),
    call("fast", { t: from("inputs.t") }),
    {
      name: "each",
      kind: "map",
      over: ["a", "b"],
      after: ["slow", "fast"],
      body: { stages: [call("one", { t: from("item") })], outputs: { s: from("one.s") } },
    },
    call("last", { t: from("each.s.0") }),
  ],
  outputs: { out: from("last.s") },
});
const { compiled } = compile(definition, version);

let sequence = 0;
function event(timeMs: number, ...steps: PipelineStep[]): PipelinesEvent {
  return {
    kind: "progressed",
    sequence: ++sequence,
    timeMs,
    user: "u",
    name: "r",
    data: { run: "r", user: "u", steps },
  };
}
const started = (stage: number, name: string, n = 1, path?: string): PipelineStep => ({
  kind: "started",
  stage,
  name,
  n,
  ...(path !== undefined && { path }),
});
function finished(
  stage: number,
  name: string,
  durationMs: number,
  runMs: number,
  more: Partial<Extract<PipelineStep, { kind: "finished" }>> = {},
): PipelineStep {
  return {
    kind: "finished",
    stage,
    name,
    n: 1,
    durationMs,
    timings: { queueMs: 1, routeMs: 1, runMs, totalMs: durationMs },
    usage: { inputTokens: 10, outputTokens: 2 },
    pool: "native",
    ...more,
  };
}
const run: AnalysedRun = {
  run: "r",
  status: "succeeded",
  compiled,
  startedMs: 0,
  endedMs: 400,
  events: [
    event(0, started(0, "slow"), started(1, "fast")),
    event(50, finished(1, "fast", 50, 40)),
    event(
      200,
      finished(0, "slow", 200, 190, { pool: "general" }),
      started(2, "each"),
      started(3, "one", 1, "each[0]"),
      started(3, "one", 2, "each[1]"),
    ),
    event(260, finished(3, "one", 60, 50, { path: "each[0]" })),
    event(
      300,
      finished(3, "one", 100, 90, { path: "each[1]", n: 2 }),
      finished(2, "each", 100, 0),
      started(4, "last"),
    ),
    event(400, finished(4, "last", 100, 10)),
  ],
};

test("one run - the critical path goes through what was waited for, also into bodies", () => {
  const told = analyse([run], true);
  assert.deepEqual(
    told.criticalPath?.map(({ name, path, durationMs }) => [name, path, durationMs]),
    [
      ["slow", undefined, 200],
      ["one", "each[1]", 100],
      ["last", undefined, 100],
    ],
  );
  assert.equal(told.workMs, 380);
  assert.equal(told.parallelSpeedup, 0.95);
  assert.equal(told.split.python.requests, 1);
  assert.equal(told.split.native.requests, 4);
  assert.equal(told.usage.inputTokens, 50);
});

test("the bottleneck - is what the critical path spends most on, and why", () => {
  const { bottleneck, advice } = analyse([run], true);
  assert.deepEqual(bottleneck, { stage: "slow", share: 0.5, why: "work" });
  assert.match(advice, /"slow" is 50 % of the critical path, and works: a faster implementation of "p"/);
});

test("several runs - means, and counts of how they ended", () => {
  const told = analyse([run, { ...run, run: "s", status: "failed", endedMs: 600 }], false);
  assert.equal(told.runs, 2);
  assert.deepEqual(told.status, { succeeded: 1, failed: 1 });
  assert.equal(told.wallMs, 500);
  assert.equal(told.run, undefined);
  assert.equal(told.stages.find(({ name }) => name === "one")?.requests, 4);
});

test("nothing - that took any time is said to be nothing", () => {
  const { advice, bottleneck } = analyse([{ ...run, events: [] }], true);
  assert.equal(bottleneck, undefined);
  assert.match(advice, /Nothing took any time/);
});
