// Pipelines on a real server: each kind of stage, what is done about failure, signals, cancel, rerun, child runs, what
// the API refuses.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isDspexError } from "../../schemas/errors.ts";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult } from "../../schemas/messages/pipeline-event.ts";
import { apiSubject } from "../../schemas/subjects.ts";
import type { Dspex } from "../../services/client/mod.ts";
import config, { runs } from "../kit/functions.config.ts";
import { echo, from, pipeline } from "../kit/pipeline-declarations.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));

let system: TestSystem;
let client: Dspex;
let guest: Dspex;

before(async () => {
  const { declarations: programs, functions } = config;
  system = await startSystem({
    programs,
    functions,
    configPath,
    pipelines: true,
    users: [{ name: "guest" }],
  });
  client = await system.client();
  guest = await system.client("guest");
});
after(() => system[Symbol.asyncDispose]());

async function start(declaration: PipelineDeclaration, inputs: Record<string, unknown> = {}, run?: string) {
  return client.pipelines.runnable(declaration).run(inputs as never, run === undefined ? {} : { run });
}
async function result(
  declaration: PipelineDeclaration,
  inputs: Record<string, unknown> = {},
): Promise<PipelineResult> {
  return (await (await start(declaration, inputs)).result()) as PipelineResult;
}
async function out(declaration: PipelineDeclaration, inputs: Record<string, unknown> = {}): Promise<unknown> {
  const { status, error, outputs } = await result(declaration, inputs);
  assert.equal(status, "succeeded", JSON.stringify(error));
  return outputs?.out;
}
const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(isDspexError(error), String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test("chain, parallel and join", async () => {
  const stages = [
    echo("first", from("inputs.text")),
    echo("left", from("first.echo")),
    echo("right", from("first.echo")),
    { name: "both", kind: "value", outputs: { text: { $expr: "left.echo + '+' + right.echo" } } },
  ];
  assert.equal(await out(pipeline(stages, from("both.text")), { text: "a" }), "a+a");
});

test("map - ordered, bounded, and of its own results a list", async () => {
  const body = {
    stages: [{ name: "sum", kind: "call", program: "add", inputs: { a: from("item"), b: from("index") } }],
    outputs: { sum: from("sum.sum") },
  };
  const each = { name: "each", kind: "map", over: [10, 20, 30, 40], body, concurrency: 2 };
  assert.deepEqual(await out(pipeline([each], from("each.sum"))), [10, 21, 32, 43]);
});

test("switch, loop, race and delay", async () => {
  const body = (text: string) => ({ stages: [echo("say", text)], outputs: { text: from("say.echo") } });
  const choose = {
    name: "choose",
    kind: "switch",
    on: from("inputs.text"),
    cases: [{ equals: "b", body: body("is b") }],
    otherwise: body("is not b"),
  };
  const refine = {
    name: "refine",
    kind: "loop",
    initial: { n: 1 },
    body: {
      stages: [
        { name: "sum", kind: "call", program: "add", inputs: { a: from("loop.n"), b: from("loop.n") } },
      ],
      outputs: { n: from("sum.sum") },
    },
    until: "loop.n > 20",
    max: 10,
  };
  const slow = {
    stages: [{ name: "sleep", kind: "call", program: "slow", inputs: { ms: 50_000 } }],
    outputs: { text: { $expr: "text(sleep.slept)" } },
  };
  const race = {
    name: "first",
    kind: "race",
    bodies: [
      { name: "slow", body: slow },
      { name: "fast", afterMs: 50, body: body("fast") },
    ],
  };
  const wait = { name: "wait", kind: "delay", ms: 200 };
  const stages = [choose, refine, race, wait, echo("late", "x", { after: ["wait"], keep: true })];
  const begun = performance.now();
  const told = await result(pipeline(stages, [from("choose.text"), from("refine.n"), from("first.text")]), {
    text: "b",
  });
  assert.deepEqual(told.outputs?.out, ["is b", 32, "fast"], JSON.stringify(told.error));
  assert.deepEqual(told.pathTaken, ["choose[0]"]);
  // The delay was waited for, and the body that lost the race was not.
  assert.ok(performance.now() - begun >= 200 && performance.now() - begun < 40_000);
});

test("failure - fallback, skip, retry, compensation, partial results", async () => {
  const throws = (more: object) => ({
    name: "bad",
    kind: "call",
    program: "throws",
    inputs: { text: "x" },
    ...more,
  });
  assert.equal(
    await out(pipeline([throws({ onFailure: { value: { never: "instead" } } })], from("bad.never"))),
    "instead",
  );
  assert.equal(
    await out(pipeline([throws({ onFailure: "skip" })], { $first: [from("bad.never"), "none"] })),
    "none",
  );
  const count = { name: "n", kind: "call", program: "count", inputs: { key: from("run.id") } };
  const failed = await result(
    pipeline(
      [
        { ...count, compensate: { program: "count", inputs: { key: { $expr: "run.id + '-undo'" } } } },
        throws({ after: ["n"], retry: { times: 2, delayMs: 10, factor: 2, jitter: 0.5 } }),
        echo("never", from("bad.never")),
      ],
      from("never.echo"),
    ),
  );
  assert.equal(failed.status, "failed");
  assert.equal(failed.failedStage, "bad");
  assert.match(failed.error?.message ?? "", /thrown by the function/);
  assert.deepEqual(failed.partial?.finished, { n: { runs: 1 } });
  assert.deepEqual(
    failed.partial?.unfinished.map(({ stage }) => stage),
    ["bad", "never"],
  );
  assert.equal(failed.stages.find(({ name }) => name === "bad")?.starts, 3);
  assert.deepEqual(failed.compensated, [{ stage: 0, name: "n" }]);
  assert.equal(runs.get(`${failed.run}-undo`), 1);
});

test("timeout - the stage fails, its request is cancelled", async () => {
  const told = await result(
    pipeline(
      [{ name: "sleep", kind: "call", program: "slow", inputs: { ms: 10_000 }, timeoutMs: 150 }],
      from("sleep.slept"),
    ),
  );
  assert.equal(told.error?.code, "deadline_exceeded");
  await until(
    async () => (await client.result(`local.p.${told.run}_0_1`, { waitMs: 5_000 })).status !== "succeeded",
  );
});

test("signal - by key once, before it is awaited too; an unknown one is refused", async () => {
  const declared = pipeline(
    [
      { name: "ok", kind: "signal", signal: "approve", approval: true },
      { name: "more", kind: "signal", signal: "note", fields: "words: list[str]", after: ["ok"] },
    ],
    [from("ok.note"), from("more.words")],
  );
  const run = await start(declared);
  await run.signal("note", { words: ["a", "b"] }, { key: "1" });
  await run.signal("note", { words: ["c"] }, { key: "1" });
  assert.deepEqual((await run.progress()).signals, ["note"]);
  await assert.rejects(
    run.signal("note", { words: "no list" }),
    refused("invalid_inputs", /data.words: expected list of str/),
  );
  await assert.rejects(run.signal("other"), refused("not_found", /no stage waits for a signal "other"/));
  await run.approve("approve", { note: "good" });
  assert.deepEqual(((await run.result()) as PipelineResult).outputs?.out, ["good", ["a", "b"]]);
  await assert.rejects(run.approve("approve"), refused("gone", /has succeeded/));
  await assert.rejects(client.pipelines.get("nobody").signal("x"), refused("not_found", /no run "nobody"/));
});

test("child - a run of its own, cancelled with its parent; recursion has a bound", async () => {
  await client.pipelines.register({
    ...pipeline([echo("say", from("inputs.text"))], from("say.echo")),
    name: "inner",
  });
  const child = { name: "sub", kind: "pipeline", pipeline: "inner", inputs: { text: "deep" } };
  const run = await start(pipeline([child], from("sub.out")));
  assert.equal(((await run.result()) as PipelineResult).outputs?.out, "deep");
  const [inner = ""] = (await run.progress()).children;
  assert.deepEqual((await client.pipelines.get(inner).result()).parent, { run: run.id, stage: 0, n: 1 });
  const endless = (pipelines: string) =>
    pipeline([{ name: "sub", kind: "pipeline", pipeline: pipelines, inputs: {} }], from("sub.out"), {
      name: "endless",
    });
  await client.pipelines.register({ ...pipeline([echo("say", "x")], from("say.echo")), name: "endless" });
  await client.pipelines.register(endless("endless"));
  const told = (await (await client.pipelines.runnable("endless").run({})).result()) as PipelineResult;
  assert.match(told.error?.message ?? "", /child runs within one another at most 8 deep/);
});

test("cancel - ends the run and its requests, tells who and why", async () => {
  const slow = { name: "sleep", kind: "call", program: "slow", inputs: { ms: 20_000 } };
  const run = await start(pipeline([slow], from("sleep.slept")));
  await run.cancel("no use");
  const told = (await run.result()) as PipelineResult;
  assert.equal(told.status, "cancelled");
  assert.match(told.error?.message ?? "", /cancelled by local: no use/);
});

test("rerun - what is not touched is taken over; a stage and what needs it is done again", async () => {
  const key = { $expr: "'rerun-' + inputs.text" };
  const counted = (name: string, of: unknown, more: object = {}) => ({
    name,
    kind: "call",
    program: "count",
    inputs: { key: of },
    ...more,
  });
  const declared = pipeline(
    [
      counted("one", key),
      counted("two", { $expr: "'two-' + text(one.runs) + inputs.text" }),
      {
        name: "each",
        kind: "map",
        over: [1, 2],
        body: {
          stages: [counted("c", { $expr: "text(item) + inputs.text" })],
          outputs: { n: from("c.runs") },
        },
      },
    ],
    [from("one.runs"), from("two.runs"), from("each.n")],
  );
  const run = await start(declared, { text: "r" });
  assert.deepEqual(((await run.result()) as PipelineResult).outputs?.out, [1, 1, [1, 1]]);
  const again = (await (await run.rerun()).result()) as PipelineResult;
  assert.deepEqual(again.outputs?.out, [1, 1, [1, 1]]);
  assert.deepEqual(again.reused, { run: run.id, stages: 4 });
  assert.equal(again.counts.requests, 0);
  const fromTwo = (await (await run.rerun({ from: "two" })).result()) as PipelineResult;
  assert.deepEqual(fromTwo.outputs?.out, [1, 2, [1, 1]]);
  const changed = (await (await run.rerun({ inputs: { text: "s" } })).result()) as PipelineResult;
  assert.equal(changed.reused?.stages, 0);
  await assert.rejects(run.rerun({ from: "nine" }), refused("not_found", /no stage "nine"/));
});

test("rerun - from deep within; of what is registered no more; asked for twice it is one", async () => {
  const long = (name: string) => name.repeat(60);
  const inner = { stages: [echo(long("c"), from("item"))], outputs: { t: from(`${long("c")}.echo`) } };
  const each = { name: long("b"), kind: "map", over: ["x"], body: inner };
  const declared = { ...pipeline([each], from(`${long("b")}.t`)), name: "gone" };
  await client.pipelines.register(declared);
  const run = await client.pipelines.runnable("gone").run({});
  assert.equal(((await run.result()) as PipelineResult).status, "succeeded");
  const deep = await run.rerun({ from: `${long("b")}/${long("c")}` });
  assert.deepEqual(((await deep.result()) as PipelineResult).outputs?.out, ["x"]);
  await client.pipelines.remove("gone");
  const again = (await (await run.rerun()).result()) as PipelineResult;
  assert.deepEqual(again.reused, { run: run.id, stages: 1 });
  const body = JSON.stringify({ run: run.id, as: "twice1" });
  const ask = async () =>
    (await client.connection.request(apiSubject("local", "pipeline.rerun"), body)).json<{ run: string }>()
      .run;
  assert.deepEqual(await Promise.all([ask(), ask()]), ["twice1", "twice1"]);
  assert.equal(((await client.pipelines.get("twice1").result()) as PipelineResult).status, "succeeded");
});

test("a child - gets inputs that are larger than a message, and keeps its own deadline", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const large = {
    name: "large",
    signature: `${names.map((name) => `${name}: str`).join(", ")} -> out: Any`,
    stages: [echo("one", from("inputs.f"))],
    outputs: { out: from("one.echo") },
  };
  await client.pipelines.register(large as PipelineDeclaration);
  const text = "x".repeat(200_000);
  const inputs = Object.fromEntries(names.map((name) => [name, from("first.echo")]));
  const sub = { name: "sub", kind: "pipeline", pipeline: "large", inputs };
  const declared = pipeline([echo("first", from("inputs.text")), sub], from("sub.out"));
  assert.equal(String(await out(declared, { text })).length, 200_000);
  const waits = { stages: [{ name: "w", kind: "signal", signal: "s", keep: true }], outputs: { out: 1 } };
  const short = { name: "short", signature: "text: str = '' -> out: Any", deadlineMs: 200, ...waits };
  await client.pipelines.register(short as PipelineDeclaration);
  const parent = pipeline(
    [{ name: "sub", kind: "pipeline", pipeline: "short", inputs: {} }],
    from("sub.out"),
  );
  assert.equal((await result(parent)).error?.code, "deadline_exceeded");
});

test("a busy run - hears what is said to it", async () => {
  const sum = { name: "sum", kind: "call", program: "add", inputs: { a: from("item"), b: 1 } };
  const each = {
    name: "each",
    kind: "map",
    over: from("inputs.list"),
    body: { stages: [sum], outputs: { sum: from("sum.sum") } },
    concurrency: 16,
  };
  const waits = { name: "ok", kind: "signal", signal: "go", keep: true };
  const declared = pipeline([each, waits], from("each.sum.0"), { signature: "list: list[int] -> out: Any" });
  const list = Array.from({ length: 600 }, (_, n) => n);
  const run = await start(declared, { list });
  await Promise.all(Array.from({ length: 20 }, (_, n) => run.signal("go", { n }, { key: `k${n}` })));
  assert.equal(((await run.result()) as PipelineResult).status, "succeeded");
});

test("large - outputs and inputs beyond a message travel as references", async () => {
  const body = {
    stages: [{ name: "l", kind: "call", program: "large", inputs: { size: 100_000 } }],
    outputs: { text: from("l.text") },
  };
  const declared = pipeline(
    [
      { name: "each", kind: "map", over: [1, 2, 3, 4, 5, 6], body },
      {
        name: "any",
        kind: "value",
        outputs: { n: { $expr: "len(each.text)" }, first: { $expr: "len(each.text)" } },
      },
    ],
    [from("any.n"), from("each.text")],
  );
  const [n, texts] = (await out(declared)) as [number, string[]];
  assert.equal(n, 6);
  assert.deepEqual(
    texts.map((text) => text.length),
    [100_000, 100_000, 100_000, 100_000, 100_000, 100_000],
  );
});

test("ids - the same run again is the same run; another body under it is a conflict; nobody sees another's", async () => {
  const declared = pipeline([echo("say", from("inputs.text"))], from("say.echo"));
  const first = await start(declared, { text: "a" }, "same1");
  await first.result();
  const second = await start(declared, { text: "a" }, "same1");
  assert.deepEqual(await second.result(), await first.result());
  await assert.rejects(
    start(declared, { text: "b" }, "same1"),
    refused("id_conflict", /was started with something else/),
  );
  await assert.rejects(guest.pipelines.get("same1").progress(), refused("not_found", /no run "same1"/));
  const events: string[] = [];
  for await (const { verb } of first.events()) events.push(verb);
  assert.deepEqual(events, ["started", "finished"]);
});

test("analysis - of one run and of the last ones", async () => {
  const sleep = (name: string, ms: number, more: object = {}) => ({
    name,
    kind: "call",
    program: "slow",
    inputs: { ms },
    ...more,
  });
  const declared = {
    ...pipeline(
      [sleep("a", 1_000), sleep("b", 50), sleep("c", 100, { after: ["a", "b"] })],
      [from("a.slept"), from("c.slept")],
    ),
    name: "timed",
  };
  await client.pipelines.register(declared);
  const run = await client.pipelines.runnable("timed").run({});
  await run.result();
  const told = await run.analysis();
  assert.deepEqual(
    told.criticalPath?.map(({ name }) => name),
    ["a", "c"],
  );
  assert.equal(told.bottleneck?.stage, "a");
  assert.equal(told.bottleneck?.why, "work");
  assert.equal(told.split.native.requests, 3);
  assert.ok(told.parallelSpeedup > 0.5, String(told.parallelSpeedup));
  await (await client.pipelines.runnable("timed").run({})).result();
  const both = await client.pipelines.analysis("timed");
  assert.equal(both.runs, 2);
  assert.deepEqual(both.status, { succeeded: 2 });
});
