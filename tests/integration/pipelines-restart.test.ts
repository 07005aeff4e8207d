// The pipelines service that stops and starts again, from the log and from a snapshot, and two of them at once; and what
// is too much for it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDspexError } from "../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import config from "../kit/functions.config.ts";
import { echo, from, pipeline } from "../kit/pipeline-declarations.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));
let system: TestSystem;
let client: Dspex;
let service: Part;

before(async () => {
  const { declarations: programs, functions } = config;
  system = await startSystem({ programs, functions, configPath });
  service = await start();
  client = await system.client();
});
after(async () => {
  await service.stop();
  await system[Symbol.asyncDispose]();
});

/** Snapshots come after a few messages, so that a start has one and a tail. */
function start(instance = 1): Promise<Part> {
  return startPipelines(system.settings("pipelines", instance), { config: { snapshotEvery: 5 } });
}
async function restart(): Promise<void> {
  await service.stop();
  service = await start();
}
const run = (declaration: PipelineDeclaration, inputs: object = {}) =>
  client.pipelines.runnable(declaration).run(inputs as never);

test("a restart - goes on where it was: results, delays, signals, retries and children", async () => {
  await client.pipelines.register({
    ...pipeline([echo("say", from("inputs.text"))], from("say.echo")),
    name: "inner",
  });
  const going = await run(
    pipeline(
      [
        echo("first", from("inputs.text")),
        { name: "wait", kind: "delay", ms: 700, after: ["first"] },
        { name: "ok", kind: "signal", signal: "go", fields: "word: str", after: ["wait"] },
        { name: "sub", kind: "pipeline", pipeline: "inner", inputs: { text: from("ok.word") } },
        { name: "slow", kind: "call", program: "slow", inputs: { ms: 1_500 }, after: ["sub"] },
      ],
      [from("first.echo"), from("sub.out"), from("slow.slept")],
    ),
    { text: "a" },
  );
  await restart();
  await going.signal("go", { word: "kept" }, { key: "k" });
  await restart();
  // Running, or over already where nobody looked in time.
  await until(async () =>
    (await going.progress()).stages.some(({ name, started }) => name === "slow" && started > 0),
  );
  await restart();
  const told = (await going.result()) as PipelineResult;
  assert.deepEqual(told.outputs?.out, ["a", "kept", 1_500], JSON.stringify(told.error));
  assert.equal(told.counts.requests, 2);
  await restart();
  assert.equal((await client.pipelines.list()).find(({ name }) => name === "inner")?.versions, 1);
  assert.equal((await client.pipelines.get(going.id).progress()).status, "succeeded");
});

test("two services - decide the same runs, and each stage begins once", async () => {
  const second = await start(2);
  try {
    const body = { stages: [echo("one", from("item"))], outputs: { text: from("one.echo") } };
    const declared = pipeline(
      [
        { name: "each", kind: "map", over: ["a", "b", "c", "d", "e", "f"], body },
        echo("last", from("each.text.5")),
      ],
      from("last.echo"),
    );
    const all = await Promise.all(Array.from({ length: 20 }, () => run(declared)));
    for (const one of all) {
      const told = (await one.result()) as PipelineResult;
      assert.equal(told.outputs?.out, "f");
      assert.deepEqual(told.counts, { finished: 8, failed: 0, skipped: 0, cancelled: 0, requests: 7 });
    }
  } finally {
    await second.stop();
  }
});

test("too much - huge maps, stages that never answer, endless retries end with a clear error", async () => {
  const body = { stages: [echo("one", "x")], outputs: { text: from("one.echo") } };
  const map = { name: "each", kind: "map", over: from("inputs.list"), body, keep: true };
  const many = pipeline([map], 1, { signature: "list: list[int] -> out: Any" });
  const told = (await (
    await run(many, { list: Array.from({ length: 10_001 }, (_, n) => n) })
  ).result()) as PipelineResult;
  assert.equal(told.error?.code, "payload_too_large");
  assert.equal(told.failedStage, "each");
  const never = pipeline(
    [{ name: "n", kind: "call", program: "waits", inputs: { text: "x" } }],
    from("n.echo"),
  );
  const late = (await (
    await client.pipelines.runnable(never).run({} as never, { deadlineMs: 2_000 })
  ).result()) as PipelineResult;
  assert.equal(late.error?.code, "deadline_exceeded");
  assert.deepEqual(late.partial?.unfinished, [{ stage: "n", why: "cancelled" }]);
  const again = pipeline(
    [{ name: "t", kind: "call", program: "throws", inputs: { text: "x" }, retry: { times: 20, delayMs: 1 } }],
    from("t.never"),
  );
  assert.equal(((await (await run(again)).result()) as PipelineResult).counts.requests, 21);
});

test("too many signals - are refused, and a thousand times the same one counts once", async () => {
  const waiting = await run(
    pipeline(
      [
        { name: "first", kind: "signal", signal: "first" },
        { name: "ok", kind: "signal", signal: "go", after: ["first"], keep: true },
      ],
      1,
    ),
  );
  for (let n = 0; n < 256; n++) await waiting.signal("go", { n }, { key: `k${n}` });
  for (let n = 0; n < 50; n++) await waiting.signal("go", { n }, { key: "k7" });
  assert.equal((await waiting.progress()).signals.length, 256);
  await assert.rejects(
    waiting.signal("go", {}, { key: "one more" }),
    (error) => isDspexError(error) && error.code === "overloaded",
  );
  await assert.rejects(
    waiting.signal("first", { text: "x".repeat(20_000) }),
    (error) => isDspexError(error) && error.code === "payload_too_large",
  );
  await waiting.cancel();
  assert.equal(((await waiting.result()) as PipelineResult).status, "cancelled");
});

test("a map of a thousand items - is told in bounded events, and its result in bounded words", async () => {
  const list = Array.from({ length: 1_000 }, (_, n) => n);
  const body = {
    stages: [{ name: "sum", kind: "call", program: "add", inputs: { a: from("item"), b: 1 } }],
    outputs: { sum: from("sum.sum") },
  };
  const declared = pipeline(
    [{ name: "each", kind: "map", over: from("inputs.list"), body, concurrency: 64 }],
    { last: from("each.sum.999"), count: { $expr: "len(each.sum)" } },
    { signature: "list: list[int] -> out: Any", concurrency: 64 },
  );
  const going = await run(declared, { list });
  const told = (await going.result()) as PipelineResult;
  assert.deepEqual(told.outputs?.out, { last: 1_000, count: 1_000 }, JSON.stringify(told.error));
  assert.equal(told.stages.length, 256);
  assert.equal(told.counts.requests, 1_000);
  let finished = 0;
  for await (const { data } of going.events()) {
    assert.ok(JSON.stringify(data).length < 524_288);
    for (const step of (data.steps ?? []) as { kind: string }[]) if (step.kind === "finished") finished++;
  }
  assert.equal(finished, 1_001);
});
