// Requests through the whole TypeScript side on the real server: client → log → router → result.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import { type Dspex, isDspexError, signature } from "../../services/client/mod.ts";
import { follow } from "../../services/log/follow.ts";
import config, { runs } from "../kit/functions.config.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));
let system: TestSystem;
let client: Dspex;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath,
    routers: 2,
    users: [{ name: "other" }],
    router: { waitingPerPool: 5, poolSlots: { general: 1, native: 16 } },
  });
  client = await system.client();
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

/** Subjects and data of the log's events whose data has this id. */
async function eventsOf(id: string): Promise<{ subject: string; data: Record<string, unknown> }[]> {
  const connection = await system.nats.connectAs("operator");
  const events: { subject: string; data: Record<string, unknown> }[] = [];
  const follower = await follow(connection, {
    role: "operator",
    n: 1,
    fromSequence: 1,
    onMessage: (message) => {
      const event = message.json() as Partial<CloudEvent<Record<string, unknown>>>;
      if (event.data?.id === id) events.push({ subject: message.subject, data: event.data });
    },
  });
  await follower.caughtUp;
  await follower.stop();
  await connection.close();
  return events;
}

test("a call - gives the outputs, typed", async () => {
  const add = client.program("add", signature("a: int, b: int = 1 -> sum: int"));
  assert.deepEqual(await add({ a: 41 }), { sum: 42 });
  assert.deepEqual(await add({ a: (2n ** 60n) as never, b: 0 }).catch((e) => e.code), "internal");
});

test("a call - many at once, each gets its own", async () => {
  const echo = client.program("echo");
  const texts = Array.from({ length: 500 }, (_, n) => `text ${n}`);
  const answers = await Promise.all(texts.map((text) => echo({ text })));
  assert.deepEqual(
    answers,
    texts.map((echo) => ({ echo })),
  );
});

test("a submission - its handle has id, whole result and story", async () => {
  const run = await client.program("echo").submit({ text: "x" });
  const result = await run.result();
  assert.equal(result.status, "succeeded");
  assert.equal(result.id, run.id);
  assert.equal(result.implementation, "native");
  assert.equal(result.attempts.length, 1);
  assert.equal(result.decision?.chosen, "native");
  const types: string[] = [];
  for await (const event of run.events()) types.push(event.type);
  assert.deepEqual(types, ["dspex.request.submitted.v1", "dspex.result.stored.v1"]);
});

const failures: [
  name: string,
  program: string,
  inputs: Record<string, unknown>,
  options: object,
  code: string,
  message: RegExp,
][] = [
  ["an unknown program", "nope", {}, {}, "unknown_program", /no program "nope"/],
  ["a wrong type", "echo", { text: 5 }, {}, "invalid_inputs", /inputs\.text: expected str, got int 5/],
  ["a missing field", "echo", {}, {}, "invalid_inputs", /inputs\.text/],
  ["an extra field", "echo", { text: "x", more: 1 }, {}, "invalid_inputs", /inputs\.more/],
  ["an unknown version", "echo", { text: "x" }, { version: "none" }, "unknown_version", /no version "none"/],
  [
    "an unknown implementation",
    "echo",
    { text: "x" },
    { implementation: "none" },
    "invalid_inputs",
    /no implementation "none"/,
  ],
  ["a function that throws", "throws", { text: "x" }, {}, "internal", /thrown by the function/],
  ["a function's own typed error", "refuses", { text: "x" }, {}, "budget_exceeded", /too dear/],
  ["outputs that do not fit", "wrong", { text: "x" }, {}, "output_invalid", /outputs\.number: expected int/],
  [
    "a function that never returns",
    "forever",
    { text: "x" },
    {},
    "internal",
    /did not finish within 1000 ms/,
  ],
  ["a false reference", "echo", { text: { $ref: 1 } }, {}, "invalid_inputs", /inputs\.text/],
];
for (const [name, program, inputs, options, code, message] of failures) {
  test(`a failure - ${name} is told with its code`, async () => {
    await assert.rejects(client.program(program)(inputs, options), (error) => {
      assert.ok(isDspexError(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a failure - an endless loop stalls nobody else", async () => {
  const loop = await client.program("stuck").submit({ text: "x" });
  await client.program("echo")({ text: "meanwhile" });
  // It would be answered after a minute.
  await loop.cancel();
  assert.equal((await loop.result()).status, "cancelled");
});

test("a failure - the next implementation answers, and the result says why", async () => {
  const run = await client.program("fallback").submit({ text: "x" });
  const result = await run.result();
  assert.deepEqual(result.outputs, { by: "second" });
  assert.equal(result.fallbackReason, "first: internal");
  assert.deepEqual(
    result.attempts.map((a) => [a.attempt, a.implementation, a.error?.code]),
    [
      [1, "first", "internal"],
      [2, "second", undefined],
    ],
  );
  assert.equal(result.log.failures.length, 1);
});

test("one id - five times at once and again later runs once and gives one result", async () => {
  const count = client.program("count");
  const all = await Promise.all(Array.from({ length: 5 }, () => count({ key: "once" }, { id: "once-1" })));
  assert.deepEqual(all, Array(5).fill({ runs: 1 }));
  const again = await system.client();
  assert.deepEqual(await again.program("count")({ key: "once" }, { id: "once-1" }), { runs: 1 });
  assert.equal(runs.get("once"), 1);
  const events = await eventsOf("local.x.once-1");
  assert.equal(events.filter((e) => e.subject === "dspex.result.local.x.once-1").length, 1);
  assert.equal(events.filter((e) => e.subject.startsWith("dspex.request.")).length, 6);
});

test("one id - with another body is a conflict, told and recorded", async () => {
  const echo = client.program("echo");
  await echo({ text: "first" }, { id: "conflict-1" });
  await assert.rejects(echo({ text: "second" }, { id: "conflict-1" }), { code: "id_conflict" });
  await until(async () =>
    (await eventsOf("local.x.conflict-1")).some((e) => e.subject === "dspex.event.request.conflicted"),
  );
});

test("one id - another user's is another request, and its result is not to be had", async () => {
  const other = await system.client("other");
  await client.program("count")({ key: "mine" }, { id: "shared-name" });
  assert.deepEqual(await other.program("count")({ key: "theirs" }, { id: "shared-name" }), { runs: 1 });
  await assert.rejects(other.result("local.x.shared-name"), { code: "invalid_inputs" });
});

test("one id - naming another user is refused under an id of one's own, and recorded", async () => {
  const connection = await system.nats.connectAs("other");
  const subscription = connection.subscribe("dspex-live.result.other.>", { max: 1 });
  await connection.flush();
  const body = JSON.stringify({
    specversion: "1.0",
    id: "e",
    source: "s",
    type: "dspex.request.submitted.v1",
    data: { id: "local.x.forged", inputs: { text: "x" } },
  });
  connection.publish("dspex.request.other.echo", body);
  for await (const message of subscription) {
    const { data } = message.json<CloudEvent<Result>>();
    assert.match(data.id, /^other\.log\.\d+$/);
    assert.equal(data.error?.code, "not_allowed");
    assert.ok((await eventsOf(data.id)).some((e) => e.subject === "dspex.event.request.refused"));
  }
  assert.deepEqual(
    await eventsOf("local.x.forged").then((e) => e.filter((x) => x.subject.startsWith("dspex.result"))),
    [],
  );
});

test("a result - is there to fetch by id after the client is gone", async () => {
  const first = await system.client();
  const run = await first.program("echo").submit({ text: "kept" });
  await run.result();
  await first.close();
  const second = await system.client();
  assert.deepEqual((await second.result(run.id)).outputs, { echo: "kept" });
  await assert.rejects(second.result("never-was"), { code: "not_found" });
});

test("a deadline - is answered when it passes, waiting or running", async () => {
  await assert.rejects(client.program("waits")({ text: "nobody works here" }, { deadlineMs: 300 }), {
    code: "deadline_exceeded",
  });
  const started = performance.now();
  await assert.rejects(client.program("slow")({ ms: 20_000 }, { deadlineMs: 300 }), {
    code: "deadline_exceeded",
  });
  assert.ok(performance.now() - started < 15_000);
});

test("a cancellation - ends what runs and what waits", async () => {
  for (const [program, inputs] of [
    ["slow", { ms: 20_000 }],
    ["waits", { text: "x" }],
  ] as const) {
    const run = await client.program(program).submit(inputs);
    await until(async () =>
      client.result(run.id).then(
        () => true,
        (e) => e.code === "unavailable",
      ),
    );
    await run.cancel();
    const result = await run.result();
    assert.equal(result.status, "cancelled", program);
    assert.equal(result.error?.code, "cancelled");
  }
});

test("a cancellation - by an abort signal too, and of something finished it changes nothing", async () => {
  const abort = new AbortController();
  const call = client.program("slow")({ ms: 20_000 }, { signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(call, { code: "cancelled" });
  const run = await client.program("echo").submit({ text: "done" });
  await run.result();
  await run.cancel();
  assert.equal((await client.result(run.id)).status, "succeeded");
});

test("a full pool - the lowest priority, youngest first, is answered overloaded", async () => {
  // One slot: two are on their way, five wait at each of two routers; the others are too many.
  const waits = client.program("waits");
  const low = await Promise.all(
    Array.from({ length: 30 }, () => waits.submit({ text: "x" }, { priority: 1, deadlineMs: 60_000 })),
  );
  const overloaded = new Set<string>();
  for (const run of low)
    void run.result().then(({ error }) => {
      if (error?.code === "overloaded") overloaded.add(run.id);
    });
  await until(() => overloaded.size >= 2);
  const high = await waits.submit({ text: "x" }, { priority: 9, deadlineMs: 60_000 });
  // It waits in place of another one: `not_found` is said until a router has read so far.
  const codeOf = (id: string) =>
    client.result(id).then(
      ({ error }) => error?.code ?? "answered",
      (error) => error.code,
    );
  await until(async () => (await codeOf(high.id)) !== "not_found");
  assert.equal(await codeOf(high.id), "unavailable");
  const runs = [...low, high];
  await Promise.all(runs.map((run) => run.cancel()));
  const ended = await Promise.all(runs.map((run) => run.result()));
  assert.ok(ended.every(({ status }) => status === "failed" || status === "cancelled"));
});

test("large values - travel by reference and arrive equal", async () => {
  const size = 700_000;
  const { text } = await client.program("large", signature("size: int -> text: str"))({ size });
  assert.equal(text.length, size);
  assert.deepEqual(await client.program("length")({ text: "y".repeat(size) }), { length: size });
});

test("feedback - is recorded with its program; for what does not exist it is not found", async () => {
  const run = await client.program("echo").submit({ text: "judged" });
  await run.result();
  assert.equal(await run.feedback(1, "right"), true);
  const events = await eventsOf(run.id);
  assert.ok(events.at(-1)?.subject.startsWith(`dspex.event.program.echo.feedback.${run.id}.`));
  assert.equal(events.at(-1)?.data.score, 1);
  await assert.rejects(client.feedback(run.id, 7), { code: "invalid_inputs" });
  await assert.rejects(client.feedback("never-was", 1), { code: "not_found" });
});

test("programs - registered over the bus with a signature string, listed, described; not by users without the right", async () => {
  const declaration = {
    name: "declared",
    signature: "question: str -> answer: str",
    implementations: [{ name: "predict", kind: "dspy", pool: "general", module: "Predict" }],
  } as const;
  const { version, created } = await client.register(declaration as never);
  assert.equal(created, true);
  assert.deepEqual(await client.register(declaration as never), {
    name: "declared",
    version,
    created: false,
  });
  assert.equal((await client.describe("declared")).version, version);
  assert.ok(
    (await client.programs()).some(
      (p) => p.name === "declared" && p.signature === "question: str -> answer: str",
    ),
  );
  await assert.rejects(
    client.register({ ...declaration, signature: "question: strr -> answer: str" } as never),
    { code: "invalid_inputs", path: "signature" },
  );
  const other = await system.client("other");
  await assert.rejects(other.register({ ...declaration, name: "theirs" } as never), { code: "not_allowed" });
  await assert.rejects(
    client.program("declared", signature("question: str -> other: str"))({ question: "x" }),
    { code: "conflict" },
  );
});

test("observe - history from a sequence, then live, no gap and nothing twice", async () => {
  const mine = await system.client();
  const seen: number[] = [];
  let results = 0;
  const echo = mine.program("echo");
  for (let n = 0; n < 5; n++) await echo({ text: "before" });
  const reading = (async () => {
    for await (const event of mine.observe({ kinds: ["result"], from: 1 })) {
      seen.push(event.sequence);
      if ((event.data as Result).outputs?.echo === "after" && ++results === 5) return;
    }
  })();
  for (let n = 0; n < 5; n++) await echo({ text: "after" });
  await reading;
  assert.deepEqual(
    seen,
    [...new Set(seen)].sort((a, b) => a - b),
  );
});

test("plain NATS - a call answers outputs alone with the id, or the whole result, or a service error", async () => {
  const connection = await system.nats.connectAs("local");
  const answer = await connection.request("dspex-api.local.call.echo", '{"text":"plain"}', {
    timeout: 20_000,
  });
  assert.deepEqual(answer.json(), { echo: "plain" });
  assert.match(answer.headers?.get("Dspex-Request-Id") ?? "", /^local\./);
  const refused = await connection.request("dspex-api.local.call.echo", "{", { timeout: 20_000 });
  assert.equal(refused.headers?.get("Nats-Service-Error-Code"), "400");
  assert.equal(refused.json<{ code: string }>().code, "invalid_inputs");
  const submitted = await connection.request("dspex-api.local.submit.echo", '{"text":"later"}', {
    timeout: 20_000,
  });
  const { id } = submitted.json<{ id: string }>();
  await until(
    async () =>
      (await connection.request(`dspex-api.local.result.${id}`, "", { timeout: 20_000 })).json<{
        status: string;
      }>().status === "succeeded",
  );
});

test("plain NATS - a call under an id that was used for something else is a conflict", async () => {
  const connection = await system.nats.connectAs("local");
  const headers = createHeaders();
  headers.set("Dspex-Id", "call-conflict");
  const call = (text: string) =>
    connection.request("dspex-api.local.call.echo", JSON.stringify({ text }), { timeout: 20_000, headers });
  assert.deepEqual((await call("first")).json(), { echo: "first" });
  assert.deepEqual((await call("first")).json(), { echo: "first" });
  assert.equal((await call("second")).json<{ code: string }>().code, "id_conflict");
});

test("plain NATS - a bare publish is answered under the sequence that the log gave it", async () => {
  const connection = await system.nats.connectAs("local");
  const ack = await connection.request("dspex.request.local.echo", '{"text":"bare"}', { timeout: 20_000 });
  const { seq } = ack.json<{ seq: number }>();
  await until(
    async () => (await client.result(`local.log.${seq}`).catch(() => undefined))?.outputs?.echo === "bare",
  );
});

test("the API - a member's name of half a megabyte is refused, not left without an answer", async () => {
  const connection = await system.nats.connectAs("local");
  const body = JSON.stringify({ name: "echo", ["n".repeat(500_000)]: 1 });
  const answer = await connection.request("dspex-api.local.program.describe", body, { timeout: 20_000 });
  const { code, message } = answer.json<{ code: string; message: string }>();
  assert.equal(code, "invalid_inputs");
  assert.ok(message.length < 5_000);
});
