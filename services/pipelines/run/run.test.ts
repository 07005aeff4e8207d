import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import { PipelineWorld, type Programs } from "../../../tests/kit/pipeline-world.ts";

const from = (reference: string) => ({ $from: reference });
const expr = (text: string) => ({ $expr: text });

function programs(): Programs {
  let failures = 0;
  return {
    upper: ["t: str -> text: str", ({ t }) => ({ text: String(t).toUpperCase() })],
    join: ["a: str, b: str -> text: str", ({ a, b }) => ({ text: `${a}+${b}` })],
    concat: ["parts: list[str] -> text: str", ({ parts }) => ({ text: (parts as string[]).join(",") })],
    maybe: ["t: str, note: str | None = null -> text: str", ({ t, note }) => ({ text: `${t}/${note}` })],
    add: ["from: int -> x: int", ({ from }) => ({ x: Number(from) + 1 })],
    broken: [
      "t: str -> text: str",
      () => {
        throw new DspexError("output_invalid", "no sense in it");
      },
    ],
    flaky: [
      "t: str -> text: str",
      ({ t }) => {
        if (++failures % 3 !== 0) throw new DspexError("lm_unavailable", "away");
        return { text: `at last ${t}` };
      },
    ],
    big: [
      "t: str -> text: str, list: list[str]",
      ({ t }) => ({ text: String(t).repeat(20_000), list: ["a", "b"] }),
    ],
    undo: ["t: str -> done: bool", () => ({ done: true })],
  };
}
const call = (name: string, program: string, inputs: object, more: object = {}) => ({
  name,
  kind: "call",
  program,
  inputs,
  ...more,
});
const pipeline = (stages: object[], outputs: object, signature = "text: str -> out: Any") => ({
  name: "p",
  signature,
  stages,
  outputs,
});

function ran(declaration: object, inputs: Record<string, unknown> = { text: "a" }) {
  const world = new PipelineWorld(programs());
  world.register(declaration);
  world.start("p", inputs);
  world.runAll();
  return world;
}
const outputOf = (declaration: object, inputs?: Record<string, unknown>) => {
  const result = ran(declaration, inputs).result();
  assert.equal(result?.status, "succeeded", JSON.stringify(result?.error));
  return result.outputs?.out;
};

test("chain - each stage takes what the one before gave", () => {
  const world = ran(
    pipeline(
      [
        call("one", "upper", { t: from("inputs.text") }),
        call("two", "join", { a: from("one.text"), b: "x" }),
      ],
      { out: from("two.text") },
    ),
  );
  assert.equal(world.result()?.outputs?.out, "A+x");
  assert.deepEqual(world.verbs(), ["started", "stage-finished", "finished"]);
  assert.deepEqual(world.result()?.counts, { finished: 2, failed: 0, skipped: 0, cancelled: 0, requests: 2 });
});

test("parallel - what needs nothing of one another is asked at once, within the concurrency", () => {
  const stages = ["a", "b", "c", "d"].map((name) => call(name, "upper", { t: name }));
  const outputs = { out: ["a", "b", "c", "d"].map((name) => from(`${name}.text`)) };
  const world = new PipelineWorld(programs());
  world.register({ ...pipeline(stages, outputs), concurrency: 3 });
  world.start("p", { text: "a" });
  assert.equal(world.asked.size, 3);
  world.runAll();
  assert.deepEqual(world.result()?.outputs?.out, ["A", "B", "C", "D"]);
});

test("map - items in order, however they end, with a window", () => {
  const world = new PipelineWorld(programs());
  const body = {
    stages: [call("up", "upper", { t: from("item") })],
    outputs: { text: from("up.text"), at: from("index") },
  };
  world.register(
    pipeline(
      [
        { name: "each", kind: "map", over: from("inputs.texts"), body, concurrency: 2 },
        call("all", "concat", { parts: from("each.text") }),
      ],
      { out: [from("all.text"), from("each.at")] },
      "texts: list[str] -> out: Any",
    ),
  );
  world.start("p", { texts: ["a", "b", "c", "d", "e"] });
  assert.equal(world.asked.size, 2);
  world.runAll((ids) => ids.at(-1) as string);
  assert.deepEqual(world.result()?.outputs?.out, ["A,B,C,D,E", [0, 1, 2, 3, 4]]);
});

test("map - over nothing gives nothing; items that fail may be left out", () => {
  const body = { stages: [call("up", "broken", { t: from("item") })], outputs: { text: from("up.text") } };
  const each = { name: "each", kind: "map", over: from("inputs.texts"), body, onItemFailure: "skip" };
  const declared = pipeline([each], { out: from("each.text") }, "texts: list[str] -> out: Any");
  assert.deepEqual(outputOf(declared, { texts: [] }), []);
  assert.deepEqual(outputOf(declared, { texts: ["a", "b"] }), [null, null]);
  const failed = ran(
    pipeline(
      [{ ...each, onItemFailure: "fail" }],
      { out: from("each.text") },
      "texts: list[str] -> out: Any",
    ),
    { texts: ["a"] },
  ).result();
  assert.equal(failed?.status, "failed");
  assert.equal(failed?.failedStage, "each");
});

test("when and switch - the branch that is not taken gives null, and what needs it is skipped", () => {
  const declared = pipeline(
    [
      call("short", "upper", { t: from("inputs.text") }, { when: "len(inputs.text) < 3" }),
      call("after", "upper", { t: from("short.text") }),
      call("opt", "maybe", { t: "x", note: from("short.text") }),
    ],
    { out: [from("after.text"), from("opt.text"), { $first: [from("short.text"), "long"] }] },
  );
  assert.deepEqual(outputOf(declared, { text: "ab" }), ["AB", "x/AB", "AB"]);
  assert.deepEqual(outputOf(declared, { text: "abc" }), [null, "x/null", "long"]);
  const branch = (value: string) => ({ stages: [], outputs: { is: value } });
  const choosing = pipeline(
    [
      {
        name: "choose",
        kind: "switch",
        on: from("inputs.text"),
        cases: [
          { equals: "a", body: branch("first") },
          { equals: "b", body: branch("second") },
        ],
        otherwise: branch("other"),
      },
    ],
    { out: from("choose.is") },
  );
  assert.equal(outputOf(choosing, { text: "b" }), "second");
  assert.equal(outputOf(choosing, { text: "z" }), "other");
  assert.deepEqual(ran(choosing, { text: "b" }).result()?.pathTaken, ["choose[1]"]);
});

test("loop - goes on with what it gave until it is enough, or the bound is reached", () => {
  const declared = (max: number) =>
    pipeline(
      [
        {
          name: "refine",
          kind: "loop",
          initial: { x: 0, seen: -1 },
          body: {
            stages: [call("more", "add", { from: from("loop.x") })],
            outputs: { x: from("more.x"), seen: from("loop.iteration") },
          },
          until: "loop.x >= 4",
          max,
        },
      ],
      { out: [from("refine.x"), from("refine.seen")] },
    );
  assert.deepEqual(outputOf(declared(10)), [4, 3]);
  assert.deepEqual(outputOf(declared(2)), [2, 1]);
});

test("race - the first that succeeds wins, the others are cancelled", () => {
  const world = new PipelineWorld(programs());
  const body = (text: string) => ({
    stages: [call("c", "upper", { t: text })],
    outputs: { text: from("c.text") },
  });
  const race = (afterMs: number) =>
    pipeline(
      [
        {
          name: "first",
          kind: "race",
          bodies: [
            { name: "a", body: body("a") },
            { name: "b", afterMs, body: body("b") },
          ],
        },
      ],
      { out: from("first.text") },
    );
  world.register(race(0));
  world.start("p", { text: "" });
  const [first = "", second = ""] = world.asked.keys();
  world.answer(second);
  world.settle();
  assert.equal(world.result()?.outputs?.out, "B");
  assert.ok(world.cancelled.has(first));
  const hedged = new PipelineWorld(programs());
  hedged.register(race(100));
  hedged.start("p", { text: "" });
  assert.equal(hedged.asked.size, 1);
  hedged.nowMs += 100;
  hedged.settle();
  assert.equal(hedged.asked.size, 2);
  hedged.runAll();
  assert.equal(hedged.result()?.outputs?.out, "A");
});

test("retry, fallback and skip - what is done about a stage that fails", () => {
  const one = (more: object, program = "broken") =>
    pipeline([call("c", program, { t: "t" }, more)], { out: { $first: [from("c.text"), "nothing"] } });
  assert.equal(outputOf(one({ retry: { times: 2, delayMs: 1_000, factor: 2 } }, "flaky")), "at last t");
  assert.equal(outputOf(one({ onFailure: "skip" })), "nothing");
  assert.equal(outputOf(one({ onFailure: { value: { text: "instead" } } })), "instead");
  const graph = {
    stages: [call("d", "upper", { t: from("inputs.text") })],
    outputs: { text: from("d.text") },
  };
  const fellBack = ran(one({ onFailure: { stage: graph } }), { text: "plan b" }).result();
  assert.equal(fellBack?.outputs?.out, "PLAN B");
  assert.deepEqual(fellBack?.pathTaken, ["c[fallback]"]);
  assert.match(fellBack?.fallbackReason ?? "", /c: output_invalid: no sense in it/);
  assert.equal(ran(one({ retry: { times: 1, delayMs: 10 } })).answered.size, 2);
});

test("failure - what finished is told, what did not says why, and what was done is taken back in reverse", () => {
  const world = ran(
    pipeline(
      [
        call("a", "upper", { t: "a" }, { compensate: { program: "undo", inputs: { t: from("a.text") } } }),
        call("b", "upper", { t: from("a.text") }, { compensate: { program: "undo", inputs: { t: "b" } } }),
        call("c", "broken", { t: from("b.text") }),
        call("d", "upper", { t: from("c.text") }),
      ],
      { out: from("d.text") },
    ),
  );
  const result = world.result();
  assert.equal(result?.status, "failed");
  assert.equal(result?.error?.code, "output_invalid");
  assert.equal(result?.failedStage, "c");
  assert.deepEqual(result?.partial, {
    finished: { a: { text: "A" }, b: { text: "A" } },
    unfinished: [
      { stage: "c", why: "output_invalid: no sense in it" },
      { stage: "d", why: "not started" },
    ],
  });
  assert.deepEqual(
    result?.compensated?.map(({ name }) => name),
    ["b", "a"],
  );
});

test("timeout, delay and deadline - time is the log's", () => {
  const slow = pipeline(
    [call("c", "upper", { t: "t" }, { timeoutMs: 500, onFailure: { value: { text: "too slow" } } })],
    { out: from("c.text") },
  );
  const world = new PipelineWorld(programs());
  world.register(slow);
  world.start("p", { text: "" });
  world.nowMs += 500;
  world.settle();
  assert.equal(world.result()?.outputs?.out, "too slow");
  assert.equal(world.cancelled.size, 1);
  const waits = new PipelineWorld(programs());
  waits.register(
    pipeline(
      [{ name: "w", kind: "delay", ms: 1_000, keep: true }, call("c", "upper", { t: "t" }, { after: ["w"] })],
      { out: from("c.text") },
    ),
  );
  waits.start("p", { text: "" }, "r1", { options: { deadlineMs: 800 } });
  assert.equal(waits.asked.size, 0);
  waits.nowMs += 800;
  waits.settle();
  assert.equal(waits.result()?.error?.code, "deadline_exceeded");
});

test("signal - is kept until it is awaited, counts once by its key, and a refusal fails the stage", () => {
  const approval = pipeline(
    [
      call("c", "upper", { t: "t" }),
      { name: "ok", kind: "signal", signal: "approve", approval: true, after: ["c"] },
    ],
    { out: [from("c.text"), from("ok.note")] },
  );
  const world = new PipelineWorld(programs());
  world.register(approval);
  world.start("p", { text: "" });
  world.signal("r1", "approve", { approved: true, note: "fine" }, "k1");
  world.signal("r1", "approve", { approved: false }, "k1");
  world.runAll();
  assert.deepEqual(world.result()?.outputs?.out, ["T", "fine"]);
  const refused = new PipelineWorld(programs());
  refused.register(approval);
  refused.start("p", { text: "" });
  refused.runAll();
  assert.equal(refused.result(), undefined);
  refused.signal("r1", "approve", { approved: false, note: "no" });
  refused.settle();
  assert.equal(refused.result()?.error?.code, "not_allowed");
});

test("child - runs by itself and gives its outputs; when its parent is cancelled it is, too", () => {
  const world = new PipelineWorld(programs());
  world.register({
    ...pipeline([call("c", "upper", { t: from("inputs.text") })], { out: from("c.text") }),
    name: "inner",
  });
  world.register(
    pipeline([{ name: "sub", kind: "pipeline", pipeline: "inner", inputs: { text: from("inputs.text") } }], {
      out: from("sub.out"),
    }),
  );
  world.start("p", { text: "deep" });
  world.runAll();
  assert.equal(world.result()?.outputs?.out, "DEEP");
  world.start("p", { text: "deep" }, "r2");
  world.cancel("r2", "enough");
  world.runAll();
  assert.equal(world.result("r2")?.status, "cancelled");
  const child = [...world.state.ended.values()].filter(({ parent }) => parent?.run === "r2");
  assert.deepEqual(
    child.map(({ status }) => status),
    ["cancelled"],
  );
});

test("large outputs - stay in the result and are read when a stage needs them", () => {
  const declared = pipeline(
    [
      call("b", "big", { t: "x" }),
      call("c", "concat", { parts: from("b.list") }),
      call("d", "upper", { t: from("b.text") }),
    ],
    { out: [from("c.text"), { $expr: "len(d.text)" }] },
  );
  const world = ran(declared);
  assert.deepEqual(world.result()?.outputs?.out, ["a,b", 20_000]);
  assert.ok(!world.log.some(({ subject, text }) => subject.includes("pipeline") && text.length > 20_000));
});

test("expressions - that make no sense fail the stage", () => {
  const world = ran(
    pipeline([{ name: "v", kind: "value", outputs: { x: expr("len(inputs.text) / 0") } }], {
      out: from("v.x"),
    }),
  );
  assert.match(world.result()?.error?.message ?? "", /division by zero/);
});
