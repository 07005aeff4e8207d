// What went wrong once, or would: each of these hung a run, stopped the service, or did something twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import { PipelineWorld, type Programs, USER } from "../../../tests/kit/pipeline-world.ts";
import { keyOf } from "../state.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { instanceKey } from "./state.ts";

const from = (reference: string) => ({ $from: reference });
const call = (name: string, program: string, inputs: object, more: object = {}) => ({
  name,
  kind: "call",
  program,
  inputs,
  ...more,
});
const map = (name: string, over: unknown, stage: { name: string }, field: string, more: object = {}) => ({
  name,
  kind: "map",
  over,
  body: { stages: [stage], outputs: { [field]: from(`${stage.name}.${field}`) } },
  ...more,
});
const signal = (name: string, more: object = {}) => ({
  name,
  kind: "signal",
  signal: "go",
  keep: true,
  ...more,
});

const programs: Programs = {
  upper: ["t: str -> text: str", ({ t }) => ({ text: String(t).toUpperCase() })],
  broken: [
    "t: str -> text: str",
    () => {
      throw new DspexError("output_invalid", "x".repeat(3_900), { details: "y".repeat(15_000) });
    },
  ],
  busy: [
    "t: str -> text: str",
    () => {
      throw new DspexError("overloaded", "later");
    },
  ],
  long: ["t: str -> text: str", () => ({ text: "字".repeat(5_000) })],
  undo: ["t: Any -> done: bool", () => ({ done: true })],
  any: ["x: Any -> y: Any", ({ x }) => ({ y: x })],
};

function world(stages: object[], outputs: object = { out: 1 }, more: object = {}): PipelineWorld {
  const made = new PipelineWorld(programs);
  made.register({ name: "p", signature: "texts: list[str] = [] -> out: Any", stages, outputs, ...more });
  return made;
}
function ran(stages: object[], outputs?: object, inputs: Record<string, unknown> = {}, more?: object) {
  const made = world(stages, outputs, more);
  made.start("p", inputs);
  made.runAll();
  return made;
}
const texts = (count: number) => Array.from({ length: count }, (_, n) => `text ${n}`);

test("a long error of a stage that was skipped - leaves a result that can be read", () => {
  const made = ran([
    call("skipped", "broken", { t: "a" }, { onFailure: "skip", keep: true }),
    call("fails", "broken", { t: "a" }, { after: ["skipped"], keep: true }),
  ]);
  const [first, second] = made.result()?.partial?.unfinished ?? [];
  assert.match(first?.why ?? "", /^skipped: output_invalid: xxx/);
  assert.match(second?.why ?? "", /^output_invalid: xxx/);
});

test("hundreds of long errors - fit into events and into the result", () => {
  const each = map("each", from("inputs.texts"), call("c", "broken", { t: from("item") }), "text", {
    onItemFailure: "skip",
    concurrency: 256,
  });
  const made = world([each], { out: from("each.text.0") }, { concurrency: 256 });
  made.start("p", { texts: texts(300) });
  // All at once, as after a pause of the service.
  for (let left = [...made.asked.keys()]; left.length > 0; left = [...made.asked.keys()]) {
    for (const id of left) made.answer(id);
    made.settle();
  }
  assert.equal(made.result()?.status, "succeeded");
  assert.equal(made.result()?.counts.failed, 300);
});

test("outputs in characters of three bytes - fit into events", () => {
  const each = map("each", from("inputs.texts"), call("c", "long", { t: from("item") }), "text", {
    concurrency: 256,
  });
  const made = world([each], { out: { $expr: "len(each.text)" } }, { concurrency: 256 });
  made.start("p", { texts: texts(100) });
  for (const id of [...made.asked.keys()]) made.answer(id);
  made.runAll();
  assert.equal(made.result()?.outputs?.out, 100);
});

test("a compensation whose inputs cannot be found - is told as failed, and the others are taken back", () => {
  const back = (t: unknown) => ({ compensate: { program: "undo", inputs: { t } } });
  const made = ran([
    call("a", "upper", { t: "a" }, back(from("a.text"))),
    call("b", "upper", { t: from("a.text") }, back({ $expr: "len(b.text) / 0" })),
    call("c", "broken", { t: from("b.text") }, { keep: true }),
  ]);
  const result = made.result();
  assert.equal(result?.status, "failed");
  assert.deepEqual(
    result?.compensated?.map(({ name, error }) => [name, error?.message]),
    [
      ["b", "division by zero"],
      ["a", undefined],
    ],
  );
});

test("a refusal - is taken by the stage that it refuses: the next round waits for another word", () => {
  const approval = {
    name: "ok",
    kind: "signal",
    signal: "sign",
    approval: true,
    onFailure: { value: { approved: false, note: null } },
  };
  const body = { stages: [approval], outputs: { done: from("ok.approved") } };
  const loop = { name: "l", kind: "loop", initial: { done: false }, body, until: "loop.done", max: 5 };
  const made = world([loop], { out: from("l.done") });
  made.start("p", {});
  made.signal("r1", "sign", { approved: false });
  made.settle();
  assert.equal(made.result(), undefined);
  made.signal("r1", "sign", { approved: true });
  made.settle();
  assert.equal(made.result()?.outputs?.out, true);
  assert.deepEqual(made.result()?.counts.finished, 3);
});

test("one signal for two that wait - is taken by one of them, the other waits on", () => {
  const made = world([call("c", "upper", { t: "a" }), signal("one"), signal("two", { after: ["c"] })], {
    out: from("c.text"),
  });
  made.start("p", {});
  made.signal("r1", "go", {});
  made.signal("r1", "go", {});
  made.runAll();
  assert.equal(made.result()?.status, "succeeded");
  const late = world([call("c", "upper", { t: "a" }), signal("one"), signal("two", { after: ["c"] })], {
    out: from("c.text"),
  });
  late.start("p", {});
  // It is kept for `one`, which has not been looked at when `two` begins to wait.
  late.signal("r1", "go", {});
  late.answer([...late.asked.keys()][0] as string);
  late.runAll();
  assert.equal(late.result(), undefined);
  late.signal("r1", "go", {});
  late.runAll();
  assert.equal(late.result()?.status, "succeeded");
});

test("a signal for a stage that times out just then - goes to another one that waits for it", () => {
  const made = world([signal("late", { timeoutMs: 500, onFailure: "skip" }), signal("other")]);
  made.start("p", {});
  made.nowMs += 500;
  made.signal("r1", "go", {});
  made.settle();
  assert.equal(made.result()?.status, "succeeded");
  assert.deepEqual(made.result()?.counts, { finished: 1, failed: 1, skipped: 0, cancelled: 0, requests: 0 });
});

test("tries after a failure - keep to the run's concurrency, and none is forgotten", () => {
  const retry = { times: 3, delayMs: 1_000 };
  const each = map("each", from("inputs.texts"), call("c", "busy", { t: from("item") }, { retry }), "text", {
    onItemFailure: "skip",
    concurrency: 200,
  });
  const made = world([each], { out: from("each.text.0") }, { concurrency: 4 });
  made.start("p", { texts: texts(40) });
  let most = 0;
  made.runAll(([first]) => {
    most = Math.max(most, made.asked.size);
    return first as string;
  });
  assert.equal(most, 4);
  assert.equal(made.result()?.counts.requests, 160);
  assert.equal(made.result()?.counts.failed, 40);
});

test("maps of maps of nothing but values - end at a bound", () => {
  const value = { name: "v", kind: "value", outputs: { x: from("item") } };
  const inner = map(
    "inner",
    Array.from({ length: 1_000 }, (_, n) => n),
    value,
    "x",
  );
  const outer = map(
    "outer",
    Array.from({ length: 1_000 }, (_, n) => n),
    inner,
    "x",
    { keep: true },
  );
  const bounds = RUN_BOUNDS as { places: number };
  const { places } = bounds;
  // A hundredth of it shows the same.
  bounds.places = 2_000;
  try {
    const result = ran([outer]).result();
    assert.equal(result?.error?.code, "budget_exceeded");
    assert.equal(result?.failedStage, "outer");
  } finally {
    bounds.places = places;
  }
});

test("values that double with each round - are refused before anybody writes them down", () => {
  const twice = [from("loop.x"), from("loop.x")];
  const body = { stages: [], outputs: { x: twice } };
  const loop = { name: "l", kind: "loop", initial: { x: 1 }, body, until: "false", max: 60 };
  const result = ran([loop, call("c", "any", { x: from("l.x") })], { out: from("c.y") }).result();
  assert.equal(result?.error?.code, "payload_too_large");
  assert.equal(result?.failedStage, "c");
});

test("references to references - are followed once each", () => {
  const nested = (depth: number): object => {
    const outer = {
      $first: [null, ...Array.from({ length: 20 }, () => ({ $first: [null, from("loop.x")] }))],
    };
    const last = depth === 7;
    const inner = last ? { name: "v", kind: "value", outputs: { x: from("loop.x") } } : nested(depth + 1);
    const body = { stages: [inner], outputs: { x: from(last ? "v.x" : `l${depth + 1}.x`) } };
    const initial = { x: depth === 0 ? null : outer };
    return { name: `l${depth}`, kind: "loop", initial, body, until: "true", max: 2 };
  };
  const startedMs = performance.now();
  assert.equal(ran([nested(0)], { out: from("l0.x") }).result()?.outputs?.out, null);
  assert.ok(performance.now() - startedMs < 5_000);
});

test("many that are due at once - are told by several events", () => {
  const stages = Array.from({ length: 600 }, (_, n) => ({
    name: `d${n}`,
    kind: "delay",
    ms: 50,
    keep: true,
  }));
  const made = world(stages);
  made.start("p", {});
  made.nowMs += 50;
  made.settle();
  assert.equal(made.result()?.counts.finished, 600);
  assert.ok(made.verbs().filter((verb) => verb === "stage-finished").length >= 2);
});

test("what can never be asked for - fails its stage, and what had been done is taken back", () => {
  const made = world([
    call("a", "upper", { t: "a" }, { compensate: { program: "undo", inputs: { t: 1 } } }),
    call("b", "upper", { t: from("a.text") }, { keep: true }),
  ]);
  made.start("p", {});
  made.answer([...made.asked.keys()][0] as string);
  made.settle();
  const error = { code: "payload_too_large", message: "too large", retryable: false } as const;
  made.refused.set(keyOf(USER, "r1"), new Map([[instanceKey("", 1), { n: 1, error }]]));
  made.settle();
  assert.equal(made.state.runs.get(keyOf(USER, "r1"))?.outcome?.error?.message, "too large");
  made.refused.set(keyOf(USER, "r1"), new Map([[instanceKey("", 0), { n: 2, error }]]));
  made.settle();
  assert.deepEqual(
    made.result()?.compensated?.map((one) => one.error?.message),
    ["too large"],
  );
});

test("a map over what a map gave - reads each large output once, not all of them for each", () => {
  const first = map("a", from("inputs.texts"), call("ac", "long", { t: from("item") }), "text");
  const pass = { name: "v", kind: "value", outputs: { list: from("a.text") } };
  const second = map("b", from("v.list"), call("bc", "upper", { t: from("item") }), "text");
  const made = ran([first, pass, second], { out: { $expr: "len(b.text)" } }, { texts: texts(150) });
  assert.equal(made.result()?.outputs?.out, 150);
  // 15 KB each: most lie in the log; so do those of the second map, of which the end asks for the number.
  assert.ok(made.reads < 600, `${made.reads} reads`);
});

test("a user who is erased while a run is on - it ends, and nothing is remembered of it", () => {
  const made = world([call("a", "upper", { t: "a" })], { out: from("a.text") });
  made.start("p", {});
  const begun = { user: USER, session: "user-1f", status: "begun", by: USER, upTo: made.log.length };
  const rest = { turns: 0, contextVersion: 0, log: [], values: [], results: [] };
  made.append(`dspex.event.session.${USER}.user-1f.erased`, "dspex.session.erased.v1", { ...begun, ...rest });
  made.runAll();
  assert.equal(made.result()?.status, "succeeded");
  assert.equal(made.state.ended.size, 0);
});

test("a pipeline that is removed - is forgotten with its versions, what runs goes on", () => {
  const made = world([call("a", "upper", { t: "a" })], { out: from("a.text") });
  made.start("p", {});
  const removed = { name: "p", owner: USER, by: USER };
  made.append(`dspex.event.pipeline.${USER}.p.removed`, "dspex.pipeline.removed.v1", removed);
  assert.equal(made.state.pipelines.size, 0);
  made.runAll();
  assert.equal(made.result()?.status, "succeeded");
  assert.equal(made.state.definitions.size, 0);
});
