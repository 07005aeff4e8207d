import assert from "node:assert/strict";
import { test } from "node:test";
import { type DspexError, isDspexError } from "../errors.ts";
import { readRequest } from "./request-codec.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function read(body: string, headers: Record<string, string> = {}) {
  return readRequest((name) => headers[name], new TextEncoder().encode(body));
}

function event(data: unknown, more: Record<string, unknown> = {}): string {
  const envelope = { specversion: "1.0", id: "e1", source: "client/c", type: "dspex.request.submitted.v1" };
  return JSON.stringify({ ...envelope, data, ...more });
}

function refused(run: () => unknown): DspexError {
  try {
    run();
  } catch (thrown) {
    if (isDspexError(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("accepted");
}

test("bare - an object of inputs needs nothing else", () => {
  assert.deepEqual(read('{"question":"q"}'), { inputs: { question: "q" }, options: {} });
});

test("bare - each option has its header", () => {
  const headers = {
    "Dspex-Id": "order-42",
    "Dspex-Session": "s1",
    "Dspex-Version": "v1",
    "Dspex-Implementation": "small",
    "Dspex-Deadline-Ms": "5000",
    "Dspex-Priority": "9",
    "Dspex-Prefer": "quality",
    "Dspex-Stream": "1",
    "Dspex-Variables": '{"temperature":0.2}',
    "Dspex-Budget": '{"usd":0.5}',
    "Dspex-Hedge": "0",
    traceparent: TRACEPARENT,
  };
  assert.deepEqual(read("{}", headers), {
    id: "order-42",
    inputs: {},
    options: {
      session: "s1",
      version: "v1",
      implementation: "small",
      deadlineMs: 5_000,
      priority: 9,
      prefer: "quality",
      stream: true,
      variables: { temperature: 0.2 },
      budget: { usd: 0.5 },
      hedge: false,
    },
    traceparent: TRACEPARENT,
  });
});

test("bare - inputs with some of a CloudEvent's members are still inputs", () => {
  assert.deepEqual(read('{"id":"7","type":"t"}').inputs, { id: "7", type: "t" });
});

test("event - options and id lie in data", () => {
  const data = { id: "local.c.1", inputs: { q: "x" }, priority: 0, stream: true };
  assert.deepEqual(read(event(data, { traceparent: TRACEPARENT })), {
    id: "local.c.1",
    inputs: { q: "x" },
    options: { priority: 0, stream: true },
    traceparent: TRACEPARENT,
  });
});

test("event - the header's traceparent is nearer than the one in the envelope", () => {
  const other = TRACEPARENT.replace("4bf9", "5bf9");
  assert.equal(
    read(event({ inputs: {} }, { traceparent: TRACEPARENT }), { traceparent: other }).traceparent,
    other,
  );
});

test("event - extensions are let through", () => {
  assert.deepEqual(read(event({ inputs: {} }, { tenant: "t" })).inputs, {});
});

test("large integers keep their digits", () => {
  assert.deepEqual(read('{"n":9007199254740993}').inputs, { n: 9007199254740993n });
});

const REFUSED: [name: string, body: string, headers: Record<string, string>, path: string | undefined][] = [
  ["no body", "", {}, undefined],
  ["not JSON", "{", {}, undefined],
  ["a list of inputs", "[]", {}, "inputs"],
  ["a text", '"q"', {}, "inputs"],
  ["null", "null", {}, "inputs"],
  ["a deadline that is no number", "{}", { "Dspex-Deadline-Ms": "5s" }, "Dspex-Deadline-Ms"],
  ["a deadline of zero", "{}", { "Dspex-Deadline-Ms": "0" }, "Dspex-Deadline-Ms"],
  ["a deadline over an hour", "{}", { "Dspex-Deadline-Ms": "3600001" }, "Dspex-Deadline-Ms"],
  ["an empty deadline", "{}", { "Dspex-Deadline-Ms": "" }, "Dspex-Deadline-Ms"],
  ["a priority of 10", "{}", { "Dspex-Priority": "10" }, "Dspex-Priority"],
  ["a negative priority", "{}", { "Dspex-Priority": "-1" }, "Dspex-Priority"],
  ["a preference that is none", "{}", { "Dspex-Prefer": "luck" }, "Dspex-Prefer"],
  ["stream by word", "{}", { "Dspex-Stream": "true" }, "Dspex-Stream"],
  ["variables that are no JSON", "{}", { "Dspex-Variables": "{" }, "Dspex-Variables"],
  ["variables as list", "{}", { "Dspex-Variables": "[]" }, "Dspex-Variables"],
  ["a budget of no tokens", "{}", { "Dspex-Budget": '{"tokens":0}' }, "Dspex-Budget.tokens"],
  ["an unknown budget", "{}", { "Dspex-Budget": '{"euro":1}' }, "Dspex-Budget.euro"],
  ["a session with a dot", "{}", { "Dspex-Session": "a.b" }, "Dspex-Session"],
  ["an event of another specification", event({ inputs: {} }, { specversion: "0.3" }), {}, "specversion"],
  ["an event of another type", event({ inputs: {} }, { type: "dspex.result.stored.v1" }), {}, "type"],
  ["an event without data", event(undefined), {}, "data"],
  ["an event without inputs", event({}), {}, "data.inputs"],
  ["an event with a misspelt option", event({ inputs: {}, deadlineMS: 1 }), {}, "data.deadlineMS"],
  ["an event with a wrong option", event({ inputs: {}, budget: { tokens: 0 } }), {}, "data.budget.tokens"],
];

for (const [name, body, headers, path] of REFUSED) {
  test(`refused - ${name}`, () => {
    const error = refused(() => read(body, headers));
    assert.equal(error.code, "invalid_inputs");
    assert.equal(error.path, path);
    const [header] = Object.keys(headers);
    if (header !== undefined) assert.ok(error.message.startsWith(`header ${header}: `), error.message);
  });
}

test("refused - a body above 512 KiB", () => {
  const error = refused(() => read(`{"text":"${"x".repeat(524_288)}"}`));
  assert.equal(error.code, "payload_too_large");
});

test("a traceparent that is none costs nothing but the trace", () => {
  assert.equal(read("{}", { traceparent: "rubbish" }).traceparent, undefined);
});
