// Single messages that once stopped something, or went round for ever: each is answered at once, and harms nobody else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Result } from "../../schemas/messages/result.ts";
import { createHeaders, type NatsConnection } from "../../services/bus/connect.ts";
import { serve } from "../../services/bus/micro-service.ts";
import type { Dspex } from "../../services/client/mod.ts";
import config from "../kit/faults.config.ts";
import { readLog } from "../kit/read-log.ts";
import { startNats } from "../kit/start-nats.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

/** Far below the half minute that a message takes which goes round. */
const AT_ONCE_MS = 15_000;
const configPath = fileURLToPath(new URL("../kit/faults.config.ts", import.meta.url));
let system: TestSystem;
let client: Dspex;
let user: NatsConnection;
let pool: NatsConnection;

before(async () => {
  const { declarations: programs, functions } = config;
  system = await startSystem({ programs, functions, configPath, routers: 2 });
  client = await system.client();
  [user, pool] = [await system.nats.connectAs("local"), await system.nats.connectAs("pool-general")];
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

/** Publishes a request without an id and waits for its result. */
async function answerTo(
  program: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Result> {
  const all = createHeaders();
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  const ack = await user.request(`dspex.request.local.${program}`, body, { headers: all, timeout: 20_000 });
  const { seq, error } = ack.json<{ seq: number; error?: unknown }>();
  assert.equal(error, undefined);
  let result: Result | undefined;
  await until(async () => {
    result = await client.result(`local.log.${seq}`).catch(() => undefined);
    return result !== undefined;
  }, AT_ONCE_MS);
  return result as Result;
}

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const nested = (depth: number) => `{"value":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
const event = (data: string, more = "") =>
  `{"specversion":"1.0","id":"e","source":"s","type":"dspex.request.submitted.v1"${more},"data":${data}}`;

const poison: [
  name: string,
  program: string,
  body: string,
  headers: Record<string, string>,
  code: string | undefined,
][] = [
  ["a member's name of half a megabyte", "fails", `{"${"n".repeat(520_000)}":1}`, {}, "invalid_inputs"],
  ["a value nested just so deep that it can be read", "anything", nested(128), {}, "invalid_inputs"],
  ["a value nested a little less", "anything", nested(124), {}, undefined],
  [
    "a trace without end in an event",
    "anything",
    event('{"inputs":{"value":1}}', `,"traceparent":"${TRACEPARENT}-${"z".repeat(200_000)}"`),
    {},
    undefined,
  ],
  [
    "a trace without end in a header",
    "anything",
    '{"value":1}',
    { traceparent: `${TRACEPARENT}-${"z".repeat(60_000)}` },
    undefined,
  ],
  [
    "a header that is no trace, with a body that is none",
    "anything",
    "{",
    { traceparent: "\u00e9".repeat(20_000) },
    "invalid_inputs",
  ],
  ["an error of four megabytes thrown by a function", "shouts", '{"key":"x"}', {}, "budget_exceeded"],
];
for (const [name, program, body, headers, code] of poison) {
  test(`poison - ${name} is answered at once`, async () => {
    const { error, status } = await answerTo(program, body, headers);
    assert.deepEqual([error?.code, status], [code, code === undefined ? "succeeded" : "failed"]);
  });
}

test("an empty request - does not end what an operator reads", async () => {
  await answerTo("fails", "");
  await answerTo("fails", "");
  const { result } = { result: await answerTo("anything", '{"value":"last"}') };
  const records = await readLog(system.nats);
  assert.ok(records.some(({ subject }) => subject === `dspex.result.${result.id}`));
});

test("a keep-alive - does not end an answer in pieces", async () => {
  await using nats = await startNats({ keeper: false });
  const service = await nats.connectAs("gateway");
  await serve(service, { name: "pieces", version: "0.0.1", description: "two pieces" }, [
    {
      name: "observe",
      subject: "dspex-api.*.observe",
      write: async (_request, writer) => {
        writer.piece({ n: 1 }, 0);
        writer.keepAlive();
        writer.piece({ n: 2 }, 1);
        writer.end("done");
      },
    },
  ]);
  await service.flush();
  const connection = await nats.connectAs("local");
  const pieces: string[] = [];
  const subscription = connection.subscribe("_INBOX.pieces");
  connection.publish("dspex-api.local.observe", "", { reply: "_INBOX.pieces" });
  for await (const message of subscription) {
    if (message.headers?.get("Dspex-End")) break;
    if (message.data.length > 0) pieces.push(message.string());
  }
  assert.deepEqual(pieces, ['{"n":1}', '{"n":2}']);
});

for (const garbage of [
  "{",
  "\u0000",
  "null",
  '{"data":7}',
  '{"data":{"id":"another","status":"succeeded"}}',
]) {
  test(`a result that is none - ${JSON.stringify(garbage)} is told to who waits, and the client goes on`, async () => {
    const run = await client.program("tally_python").submit({ key: "never run here" });
    pool.publish(`dspex.result.${run.id}`, garbage);
    await assert.rejects(run.result(), { name: "DspexError", code: "internal" });
    assert.deepEqual(await client.program("anything")({ value: garbage }), { value_back: garbage });
  });
}

test("a result with a code that nobody knows - is an error all the same, also by the gateway", async () => {
  const headers = createHeaders();
  headers.set("Dspex-Id", "unknown-code");
  const answer = user.request("dspex-api.local.call.tally_python", '{"key":"x"}', {
    headers,
    timeout: 20_000,
  });
  const error = { code: "of_a_later_version", message: "m" };
  const data = { id: "local.x.unknown-code", status: "failed", error, requestHash: "", log: { request: 1 } };
  const isStored = () =>
    client.result("unknown-code").then(
      () => true,
      ({ code }) => code === "unavailable",
    );
  await until(isStored);
  pool.publish("dspex.result.local.x.unknown-code", JSON.stringify({ specversion: "1.0", data }));
  const told = (await answer).json<{ code: string; message: string }>();
  assert.deepEqual([told.code, told.message], ["internal", "of_a_later_version: m"]);
});

test("a failed attempt that cannot be read - is a dead letter at once", async () => {
  const bytes = `no json ${"x".repeat(900_000)}`;
  pool.publish("dspex.event.attempt.failed", bytes);
  await until(async () => {
    const dead = (await readLog(system.nats)).filter(({ subject }) => subject.endsWith(".dead-lettered"));
    return dead.some(({ body }) => (body as { data: { deliveries: number } }).data.deliveries === 1);
  }, AT_ONCE_MS);
});

test("a header that the log does not take - is too large, not an error of ours", async () => {
  const headers = createHeaders();
  headers.set("Dspex-Session", "s");
  headers.set("Dspex-Variables", JSON.stringify({ large: "v".repeat(70_000) }));
  const answer = await user.request("dspex-api.local.call.anything", '{"value":1}', {
    headers,
    timeout: 20_000,
  });
  assert.equal(answer.json<{ code: string }>().code, "payload_too_large");
});

test("modules that cannot be read - do not make the registry deaf", async () => {
  pool.publish("dspex-pool.general.modules", "{", { reply: "_INBOX_pool-general.nobody" });
  await pool.flush();
  const started = performance.now();
  assert.ok((await client.programs()).length > 0);
  assert.ok(performance.now() - started < AT_ONCE_MS);
});
