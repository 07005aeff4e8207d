// One trace a request, from the caller through router, workers of both languages, DSPy's modules and model calls, as
// a real `dspex up` sends it to an OTLP receiver.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startTracing, type Tracing, withSpan } from "../../observability/mod.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { apiSubject, requestSubject } from "../../schemas/subjects.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { docBlocks, regionOf } from "../kit/doc-blocks.ts";
import { type FakeModelServer, refusesKey, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../kit/otlp-receiver.ts";
import type { ReceivedSpan } from "../kit/otlp-spans.ts";
import { eventually, type RunningSystem, startSystem } from "./running-system.ts";
import {
  assertAttributes,
  briefly,
  linesOf,
  named,
  rootOf,
  traceIdsOf,
  traceparentOf,
  treeOf,
} from "./trace-tree.ts";

const CONFIG = fileURLToPath(new URL("./traces-app/dspex.config.ts", import.meta.url));
/** Never to be seen in a trace: what a user asks, what a model answers, the key of the model. */
const QUESTION = "zebra-question";
const ANSWER = "zebra-answer";
const KEY = "sk-zebra-key-0123456789";

let receiver: OtlpReceiver;
let model: FakeModelServer;
let tracing: Tracing;
let system: RunningSystem;
let dspex: Dspex;

before(async () => {
  receiver = await startOtlpReceiver();
  model = await startFakeModelServer();
  process.env.DSPEX_TEST_MODEL_URL = model.baseUrl;
  process.env.DSPEX_TEST_MODEL_KEY = KEY;
  tracing = await startTracing({ endpoint: receiver.endpoint, instance: "test" });
  system = await startSystem({ arguments: ["--config", CONFIG, "--otlp-endpoint", receiver.endpoint] });
  dspex = await system.client();
});
after(async () => {
  await tracing?.stop();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

const answers = (...objects: object[]) => model.next(...objects.map((one) => says(JSON.stringify(one))));

/** Asks within a span of the application; returns its trace when all of `expected` is there, and the result. */
async function ask(program: string, inputs: Record<string, unknown>, expected: string) {
  const { traceId, run, result } = await withSpan("application", `ask ${program}`, {}, async (span) => {
    const run = await dspex.program(program).submit(inputs);
    return { traceId: span.spanContext().traceId, run, result: await run.result() };
  });
  const size = expected.trim().split("\n").length;
  const spans = await receiver.trace(traceId, ({ length }) => length >= size);
  assert.equal(`\n${briefly(treeOf(spans))}\n`, expected);
  return { result, run, spans, one: (name: string) => named(spans, name) };
}

test("a native function - is one trace with its caller, decision and run", async () => {
  const { result, one } = await ask(
    "shout",
    { text: QUESTION },
    `
application: ask shout (internal)
  client: submit shout (producer)
    router: route shout (consumer) <-
      router: run upper (internal)
`,
  );
  assert.equal(result.status, "succeeded");
  assertAttributes(one("submit shout"), {
    "messaging.system": "nats",
    "messaging.system.name": "nats",
    "messaging.operation.name": "publish",
    "messaging.operation.type": "send",
    "messaging.destination.name": requestSubject("local", "shout"),
    "messaging.destination.template": "dspex.request.{user}.{program}",
    "dspex.request.id": result.id,
    "dspex.status": "succeeded",
  });
  assertAttributes(one("route shout"), {
    "messaging.system.name": "nats",
    "messaging.operation.type": "process",
    "messaging.destination.name": requestSubject("local", "shout"),
    "messaging.consumer.group.name": "work-router-requests",
    "messaging.message.id": String(result.log.request),
    "dspex.request.id": result.id,
    "dspex.user": "local",
  });
  assertAttributes(one("run upper"), {
    "dspex.request.id": result.id,
    "dspex.implementation": "upper",
    "dspex.program.version": result.version,
    "dspex.decision.state_sequence": result.decision?.stateSequence,
    "dspex.decision.policy_version": result.decision?.policyVersion,
  });
  assert.deepEqual(one("route shout").resource["service.namespace"], "dspex");
});

test("a structured call - goes on through the native worker to the model", async () => {
  answers({ color: "green" });
  const { result, one } = await ask(
    "color",
    { thing: QUESTION },
    `
application: ask color (internal)
  client: submit color (producer)
    router: route color (consumer) <-
      router: dispatch native (producer)
        native: process color (consumer) <-
          native: chat fake-model (client)
`,
  );
  assert.deepEqual(result.outputs, { color: "green" });
  assertAttributes(one("dispatch native"), {
    "messaging.operation.type": "send",
    "messaging.destination.template": "dspex.work.{pool}.{worker}",
    "dspex.implementation": "structured",
    "dspex.pool": "native",
  });
  assertAttributes(one("process color"), {
    "messaging.destination.name": one("dispatch native").attributes["messaging.destination.name"],
    "messaging.consumer.group.name": "work-native-any",
    "messaging.message.id": String(result.log.work[0]),
    "dspex.request.id": result.id,
    "dspex.attempt": 1,
    "dspex.pool": "native",
    "dspex.worker": "1",
  });
  assertAttributes(one("chat fake-model"), {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai-compatible",
    "gen_ai.request.model": "fake-model",
    "gen_ai.response.model": "fake-model-2026",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
  });
});

test("a DSPy module - goes on through the Python pool to the model", async () => {
  answers({ reasoning: ANSWER, answer: ANSWER });
  const { result, run, one } = await ask(
    "reason",
    { question: QUESTION },
    `
application: ask reason (internal)
  client: submit reason (producer)
    router: route reason (consumer) <-
      router: dispatch general (producer)
        pool-general: process reason (consumer) <-
          pool-general: module ChainOfThought (internal)
            pool-general: module Predict (internal)
              pool-general: chat fake-model (client)
`,
  );
  assert.deepEqual(result.outputs, { answer: ANSWER });
  assertAttributes(one("process reason"), {
    "messaging.system": "nats",
    "messaging.system.name": "nats",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": one("dispatch general").attributes["messaging.destination.name"],
    "messaging.destination.template": "dspex.work.{pool}.{worker}",
    "messaging.consumer.group.name": "work-general-any",
    "messaging.message.id": String(result.log.work[0]),
    "dspex.request.id": result.id,
    "dspex.attempt": 1,
    "dspex.pool": "general",
    "dspex.worker": "0",
  });
  assertAttributes(one("chat fake-model"), {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai-compatible",
    "gen_ai.request.model": "fake-model",
    "gen_ai.request.temperature": 0.25,
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 7,
  });
  const story = await Array.fromAsync(run.events());
  const contexts = story.map((event) => (event as { traceparent?: string }).traceparent);
  assert.deepEqual(contexts, [
    traceparentOf(one("submit reason")),
    traceparentOf(one("dispatch general")),
    traceparentOf(one("process reason")),
  ]);
});

test("an agent - its tools are in the trace, the programs that it calls with everything below them", async () => {
  const step = (tool: string, args: object) =>
    ({ next_thought: ANSWER, next_tool_name: tool, next_tool_args: args }) as const;
  answers(step("population", { city: "Paris" }), step("shout", { text: QUESTION }), step("finish", {}), {
    reasoning: ANSWER,
    answer: ANSWER,
  });
  const { result, one } = await ask(
    "clerk",
    { question: QUESTION },
    `
application: ask clerk (internal)
  client: submit clerk (producer)
    router: route clerk (consumer) <-
      router: dispatch general (producer)
        pool-general: process clerk (consumer) <-
          pool-general: module ReAct (internal)
            pool-general: module Predict (internal)
              pool-general: chat fake-model (client)
            pool-general: execute_tool population (internal)
            pool-general: module Predict (internal)
              pool-general: chat fake-model (client)
            pool-general: execute_tool shout (internal)
              gateway: submit shout (producer)
                router: route shout (consumer) <-
                  router: run upper (internal)
            pool-general: module Predict (internal)
              pool-general: chat fake-model (client)
            pool-general: execute_tool finish (internal)
            pool-general: module ChainOfThought (internal)
              pool-general: module Predict (internal)
                pool-general: chat fake-model (client)
`,
  );
  assert.equal(result.status, "succeeded");
  assertAttributes(one("execute_tool shout"), {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "shout",
  });
});

test("a failed attempt in Python - has its traceback in the pool's span, and nowhere else", async () => {
  const { result, spans, one } = await ask(
    "raises",
    { question: QUESTION },
    `
application: ask raises (internal)
  client: submit raises (producer)
    router: route raises (consumer) <-
      router: dispatch general (producer)
        pool-general: process raises (consumer) <-
    router: route raises (consumer) <-
`,
  );
  assert.equal(result.error?.code, "internal");
  const failed = one("process raises");
  const [event] = failed.events;
  assert.equal(event?.attributes["exception.type"], "ValueError");
  const stack = String(event?.attributes["exception.stacktrace"]);
  assert.match(stack, /traced\.py", line \d+, in raises\n.*KeyError\n.*which led to.*ValueError\n$/s);
  // The router's second one; by time alone a span of another process could come after it.
  const again = spans.filter(({ name }) => name === "route raises").at(-1) as ReceivedSpan;
  for (const span of [one("submit raises"), failed, again]) {
    assert.equal(span.attributes["error.type"], "internal", span.name);
    assert.deepEqual([span.failed, span.statusMessage], [true, "internal"], span.name);
  }
  assert.deepEqual(
    spans.filter(({ events }) => events.length > 0).map(({ name }) => name),
    ["process raises"],
  );
  // Decided on again because of the failure.
  assert.equal(again.links[1]?.spanId, failed.spanId);
});

test("a model that refuses the key - fails the call's span without the key in it", async () => {
  model.next(refusesKey);
  const { result, one } = await ask(
    "color",
    { thing: QUESTION },
    `
application: ask color (internal)
  client: submit color (producer)
    router: route color (consumer) <-
      router: dispatch native (producer)
        native: process color (consumer) <-
          native: chat fake-model (client)
    router: route color (consumer) <-
`,
  );
  assert.equal(result.error?.code, "lm_auth");
  for (const name of ["chat fake-model", "process color", "submit color"])
    assert.deepEqual([one(name).failed, one(name).statusMessage], [true, "lm_auth"], name);
});

test("a fallback - both attempts are in the trace; users' own spans and lines are too", async () => {
  const { result, spans, one } = await ask(
    "again",
    { question: QUESTION },
    `
application: ask again (internal)
  client: submit again (producer)
    router: route again (consumer) <-
      router: run never (internal)
    router: route again (consumer) <-
      router: dispatch general (producer)
        pool-general: process again (consumer) <-
          pool-general: look it up (internal)
`,
  );
  assert.equal(result.status, "succeeded");
  assertAttributes(one("dispatch general"), {
    "dspex.fallback_reason": "never: internal",
    "dspex.attempt": 2,
  });
  assert.equal(spans.at(0)?.traceId, one("look it up").traceId);
  const { traceId, spanId } = one("process again");
  for (const message of ["thinking about it", "still thinking"]) {
    const line = await eventually(message, () =>
      linesOf(readFileSync(join(system.home, "logs/pool-general.log"), "utf8")).find(
        (line) => line.message === message && line.requestId === result.id,
      ),
    );
    assert.deepEqual([line.traceId, line.spanId, line.attempt], [traceId, spanId, 2], message);
  }
});

test("a line of the router's log - leads to the request and its trace", async () => {
  const { result, one } = await ask(
    "dawdle",
    { text: QUESTION },
    `
application: ask dawdle (internal)
  client: submit dawdle (producer)
    router: route dawdle (consumer) <-
      router: run blocking (internal)
`,
  );
  const line = await eventually("the line is there", () =>
    linesOf(system.output()).find(({ requestId }) => requestId === result.id),
  );
  assert.match(String(line.msg), /^inline function held the router/);
  assert.deepEqual([line.part, line.traceId], ["router", one("run blocking").traceId]);
});

const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a plain NATS request - its traceparent header is the parent of all", async () => {
  const headers = createHeaders();
  headers.set(HEADER.traceparent, CALLER);
  const body = JSON.stringify({ text: QUESTION });
  await dspex.connection.request(apiSubject("local", "call.shout"), body, { headers, timeout: 20_000 });
  const spans = await receiver.trace(CALLER.slice(3, 35), ({ length }) => length >= 3);
  assert.equal(
    briefly(treeOf(spans)),
    "gateway: submit shout (producer)\n  router: route shout (consumer) <-\n    router: run upper (internal)",
  );
  assert.equal(rootOf(spans).parentSpanId, "b7ad6b7169203331");
});

test("a plain NATS message to the log - its traceparent header is the parent of all", async () => {
  const traceparent = "00-1bf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = createHeaders();
  headers.set(HEADER.traceparent, traceparent);
  dspex.connection.publish(requestSubject("local", "shout"), JSON.stringify({ text: QUESTION }), { headers });
  const spans = await receiver.trace(traceparent.slice(3, 35), ({ length }) => length >= 2);
  assert.equal(briefly(treeOf(spans)), "router: route shout (consumer) <-\n  router: run upper (internal)");
  assert.equal(rootOf(spans).parentSpanId, "b7ad6b7169203331");
});

const PAGE = docBlocks("docs/tracing.md");
const APPLICATION = fileURLToPath(new URL("./traces-app/caller.ts", import.meta.url));

test("the page - shows code as it is tested", () => {
  const regions = PAGE.flatMap(({ marker, text }) => {
    const [, name = "", path = ""] = /^region (\S+) of (\S+)$/.exec(marker) ?? [];
    return name === "" ? [] : [{ path, text, tested: regionOf(path, name) }];
  });
  assert.deepEqual(
    regions.map(({ path }) => path),
    ["tests/e2e/traces-app/caller.ts", "tests/e2e/traces-app/modules/traced.py"],
  );
  for (const { text, tested } of regions) assert.equal(text, tested);
});

test("the page's application - gives the trace that the page shows", async () => {
  answers({ reasoning: ANSWER, answer: "blue" });
  const variables = {
    DSPEX_HOME: system.home,
    NATS_URL: system.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [APPLICATION], {
    env: { ...process.env, ...variables },
  });
  const [answer, traceId = ""] = stdout.trim().split(" ");
  assert.equal(answer, "blue");
  const tree = PAGE.find(({ language }) => language === "text")?.text ?? "";
  const spans = await receiver.trace(traceId, ({ length }) => length >= tree.trim().split("\n").length);
  assert.equal(`${treeOf(spans)}\n`, tree);
});

test("the page's command - is honoured", async (t) => {
  const path = [process.env.PATH ?? "", join(homedir(), "go/bin")].join(delimiter);
  if (!path.split(delimiter).some((folder) => existsSync(join(folder, "nats"))))
    return t.diagnostic("no nats command here: left out");
  const command = PAGE.find(({ language }) => language === "sh")?.text ?? "";
  const { out: exports } = await system.dspex(["env"]);
  const { stdout } = await promisify(execFile)("bash", ["-euc", `${exports}\n${command}`], {
    env: { ...process.env, PATH: path },
  });
  assert.match(stdout, /"loud":"HELLO"/);
  const [, traceId = "", parent] = /00-(\w{32})-(\w{16})-01/.exec(command) ?? [];
  const spans = await receiver.trace(traceId, ({ length }) => length >= 3);
  assert.equal(rootOf(spans).parentSpanId, parent);
});

test("a caller that does not sample - its trace goes on unrecorded", async () => {
  const traceparent = "00-2cf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  answers({ reasoning: ANSWER, answer: ANSWER });
  const run = await dspex.program("reason").submit({ question: QUESTION }, { traceparent });
  await run.result();
  assert.deepEqual(await traceIdsOf(run.events()), { "2cf7651916cd43dd8448eb211c80319c-00": 3 });
  await ask("shout", { text: "later" }, SHOUT);
  assert.deepEqual(
    receiver.spans.filter(({ traceId }) => traceId === traceparent.slice(3, 35)),
    [],
  );
});

const SHOUT = `
application: ask shout (internal)
  client: submit shout (producer)
    router: route shout (consumer) <-
      router: run upper (internal)
`;

test("everything that was sent - has no question, no answer and no key in it", () => {
  const sent = receiver.text();
  assert.ok(sent.length > 10_000);
  for (const secret of [QUESTION, ANSWER, KEY, QUESTION.toUpperCase()])
    assert.equal(sent.indexOf(secret), -1, secret);
  assert.deepEqual([...new Set(receiver.paths)], ["/v1/traces"]);
});
