// The service when the log is away, full, or stores what it does not acknowledge: nothing is forgotten, nothing storms.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DspexError } from "../../schemas/errors.ts";
import { PIPELINE_EVENTS } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import { away, PipelineService } from "../../tests/kit/pipeline-service.ts";
import { PipelineWorld, type Programs, USER } from "../../tests/kit/pipeline-world.ts";
import { until } from "../../tests/kit/until.ts";
import { instanceKey } from "./run/state.ts";
import { keyOf } from "./state.ts";

const from = (reference: string) => ({ $from: reference });
const call = (name: string, inputs: object, more: object = {}) => ({
  name,
  kind: "call",
  program: "upper",
  inputs,
  ...more,
});
const programs: Programs = {
  upper: ["t: str -> text: str", ({ t }) => ({ text: String(t).toUpperCase() })],
};

function service(stages: object[], outputs: object = { out: 1 }, more: object = {}): PipelineService {
  const world = new PipelineWorld(programs);
  world.register({ name: "p", signature: "texts: list[str] = [] -> out: Any", stages, outputs, ...more });
  return new PipelineService(world);
}

test("a delay that is over while the log is away - is told when it is back", async () => {
  using made = service([{ name: "wait", kind: "delay", ms: 50, keep: true }]);
  await made.start("p");
  let tries = 0;
  made.beforeEvent = () => {
    if (++tries === 1) away();
  };
  await until(() => made.world.result()?.status === "succeeded", 10_000);
  assert.ok(tries >= 2);
});

test("an event that was stored though its acknowledgement was lost - is gone on with all the same", async () => {
  using made = service([call("a", { t: "a" }), call("b", { t: from("a.text") })], { out: from("b.text") });
  await made.start("p");
  made.answer(made.sent[0]?.id as string);
  let lost = 0;
  made.afterEvent = (verb) => {
    if (verb === "stage-finished" && lost++ === 0) away();
  };
  await until(() => made.sent.some(({ id }) => id.endsWith(".p.r1_1_1")), 10_000);
  made.answer(`${USER}.p.r1_1_1`);
  await until(() => made.world.result()?.status === "succeeded", 10_000);
});

test("a run whose beginning was stored and not acknowledged - begins", async () => {
  using made = service([call("a", { t: "a" })], { out: from("a.text") });
  made.afterEvent = (verb) => {
    if (verb === "started") away();
  };
  await assert.rejects(made.start("p"), /nobody there/);
  await until(() => made.sent.length === 1, 10_000);
});

test("hundreds of requests while the log is away - are tried again once a second, not more and more often", async () => {
  const body = { stages: [call("c", { t: from("item") })], outputs: { text: from("c.text") } };
  const each = { name: "each", kind: "map", over: from("inputs.texts"), body, concurrency: 200 };
  using made = service([each], { out: from("each.text.0") }, { concurrency: 200 });
  made.beforeRequest = away;
  await made.start("p", { texts: Array.from({ length: 200 }, (_, n) => `${n}`) });
  await until(() => made.tries >= 600, 10_000);
  assert.ok(made.tries < 1_000, `${made.tries} tries`);
  made.beforeRequest = () => {};
  await until(() => new Set(made.sent.map(({ id }) => id)).size === 200, 10_000);
});

test("a request that no log would take - fails its stage", async () => {
  using made = service([call("a", { t: "a" }, { keep: true })]);
  made.beforeRequest = () => {
    throw new DspexError("payload_too_large", "too large to send");
  };
  await made.start("p");
  await until(() => made.world.result() !== undefined, 10_000);
  assert.equal(made.world.result()?.error?.message, "too large to send");
  assert.equal(made.world.result()?.failedStage, "a");
});

test("an event that is too large - is told in two, and so on", async () => {
  const stages = Array.from({ length: 100 }, (_, n) => ({
    name: `d${n}`,
    kind: "delay",
    ms: 20,
    keep: true,
  }));
  using made = service(stages);
  let refused = 0;
  await made.start("p");
  made.beforeEvent = (_verb, { steps }) => {
    if (Array.isArray(steps) && steps.length > 10) {
      refused++;
      throw new DspexError("payload_too_large", "the event is too large");
    }
  };
  await until(() => made.world.result()?.status === "succeeded", 10_000);
  assert.ok(refused > 0);
  assert.equal(made.world.result()?.counts.finished, 100);
});

test("a child that begins after its parent was cancelled - is cancelled, too", async () => {
  const world = new PipelineWorld(programs);
  const inner = { name: "inner", signature: "t: str -> out: Any", outputs: { out: from("c.text") } };
  world.register({ ...inner, stages: [call("c", { t: from("inputs.t") })] });
  const sub = { name: "sub", kind: "pipeline", pipeline: "inner", inputs: { t: "x" }, keep: true };
  world.register({ name: "p", signature: "t: str = '' -> out: Any", stages: [sub], outputs: { out: 1 } });
  using made = new PipelineService(world);
  let begins: object | undefined;
  made.beforeEvent = (verb, data) => {
    if (verb !== "started" || data.parent === undefined) return;
    begins = data;
    away();
  };
  await made.start("p");
  await until(() => begins !== undefined, 10_000);
  await made.cancel("r1");
  await until(() => world.result()?.status === "cancelled", 10_000);
  // It was on its way, and is stored only now.
  const { run: child } = begins as unknown as { run: string };
  world.append(pipelineEventSubject(USER, child, "started"), PIPELINE_EVENTS.started.type, begins);
  await until(() => world.result(child)?.status === "cancelled", 10_000);
});

test("a start after a stop - asks for all that is on, whatever is wrong with one of them", async () => {
  const world = new PipelineWorld({
    ...programs,
    large: [
      "t: str -> list: list[str]",
      () => ({ list: Array.from({ length: 2_000 }, (_, n) => `text ${n}`) }),
    ],
  });
  const stages = [
    { ...call("big", { t: "a" }), program: "large" },
    call("x", { t: from("big.list.0") }, { keep: true, onFailure: "skip" }),
    call("y", { t: "y" }, { after: ["big"], keep: true }),
    call("z", { t: "z" }, { after: ["big"], keep: true }),
  ];
  world.register({ name: "p", signature: "texts: list[str] = [] -> out: Any", stages, outputs: { out: 1 } });
  world.start("p", {});
  const [id = ""] = world.asked.keys();
  world.answer(id);
  world.settle();
  assert.equal(world.asked.size, 3);
  // What `x` was asked with has aged out of the log.
  const at = world.log.findIndex(({ subject }) => subject.endsWith(id));
  (world.log as unknown[])[at] = undefined;
  using made = new PipelineService(world);
  await until(() => made.sent.length === 2, 10_000);
  assert.deepEqual(made.sent.map((one) => one.id).sort(), [`${USER}.p.r1_2_1`, `${USER}.p.r1_3_1`]);
  const stage = () => world.state.runs.get(keyOf(USER, "r1"))?.instances.get(instanceKey("", 1));
  await until(() => stage()?.status === "skipped", 10_000);
  assert.equal(stage()?.error?.code, "gone");
});
