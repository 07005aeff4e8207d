// One table run over every adapter: whatever a model's server does, each says the same about it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ErrorCode } from "../../../schemas/error-codes.ts";
import { DspexError, isDspexError } from "../../../schemas/errors.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import {
  breaksOff,
  contextExceededByLlama,
  contextExceededByOpenai,
  disconnects,
  type FakeAnswer,
  type FakeModelServer,
  fails,
  garbage,
  hangs,
  otherJson,
  rateLimited,
  refusesKey,
  says,
  startFakeModelServer,
} from "../../../tests/kit/fake-model-server.ts";
import type { ModelRequest } from "./adapter.ts";
import { createModelAdapters, type ModelAdapters, usageOf } from "./mod.ts";

const KEY = "sk-test-0123456789abcdef";
const signature = parseSignature("question: str -> answer: str");

interface Member {
  name: keyof ModelAdapters;
  /** How its model says "forty-two". */
  good: string;
  settings: ModelRequest["settings"];
  signature: ModelRequest["signature"];
  /** Likelihoods of the answer's first token, for the one that reads no more. */
  top?: Record<string, number>;
}

const MEMBERS: Member[] = [
  { name: "structured", good: '{"answer": "forty-two"}', settings: {}, signature },
  { name: "plain", good: "forty-two", settings: { prompt: "{{question}}" }, signature },
  {
    name: "choice",
    good: "forty-two",
    settings: {},
    signature: parseSignature('question: str -> answer: Literal["forty-two", "six"]'),
    top: { forty: -0.1, six: -3 },
  },
];

const adapters = createModelAdapters({ variables: { FAKE_KEY: KEY } });

function request(server: FakeModelServer, member: Member, more: Partial<ModelRequest> = {}) {
  return {
    model: server.model({
      capabilities: { responseSchema: true, tools: false, vision: false, logprobs: false },
    }),
    signature: member.signature,
    inputs: { question: "What is six times seven?" },
    settings: member.settings,
    signal: new AbortController().signal,
    ...more,
  } satisfies ModelRequest;
}

async function failure(promise: Promise<unknown>): Promise<DspexError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(isDspexError(error), String(error));
  return error;
}

interface Fault {
  name: string;
  answer: FakeAnswer;
  code: ErrorCode;
  retryable: boolean;
  retryAfterMs?: number;
  says?: RegExp;
  /** Of answers that are written out. */
  isOfText?: true;
}

const FAULTS: Fault[] = [
  {
    name: "429 with Retry-After in seconds",
    answer: rateLimited(3),
    code: "lm_rate_limited",
    retryable: true,
    retryAfterMs: 3_000,
  },
  {
    name: "429 without money left",
    answer: fails(429, "You exceeded your current quota", { code: "insufficient_quota" }),
    code: "lm_rate_limited",
    retryable: false,
  },
  {
    name: "401 that quotes the key",
    answer: refusesKey,
    code: "lm_auth",
    retryable: false,
    says: /\[redacted\]/,
  },
  { name: "403", answer: fails(403, "not for you"), code: "lm_auth", retryable: false },
  { name: "402", answer: fails(402, "pay first"), code: "lm_auth", retryable: false },
  {
    name: "500",
    answer: fails(500, "boom"),
    code: "lm_unavailable",
    retryable: true,
    says: /status 500: boom/,
  },
  { name: "503 while loading", answer: fails(503, "Loading model"), code: "lm_unavailable", retryable: true },
  { name: "529", answer: fails(529, "Overloaded"), code: "lm_unavailable", retryable: true },
  { name: "504", answer: fails(504, "upstream"), code: "lm_timeout", retryable: true },
  { name: "404", answer: fails(404, "no such model"), code: "lm_rejected", retryable: false },
  {
    name: "400",
    answer: fails(400, "temperature must be below 2"),
    code: "lm_rejected",
    retryable: false,
    says: /temperature/,
  },
  {
    name: "a prompt too long for llama.cpp",
    answer: contextExceededByLlama,
    code: "context_window_exceeded",
    retryable: false,
  },
  {
    name: "a prompt too long for OpenAI",
    answer: contextExceededByOpenai,
    code: "context_window_exceeded",
    retryable: false,
  },
  { name: "a page of HTML", answer: garbage, code: "lm_unavailable", retryable: true },
  { name: "other JSON", answer: otherJson, code: "lm_unavailable", retryable: true },
  { name: "a closed connection", answer: disconnects, code: "lm_unavailable", retryable: true },
  { name: "a connection that breaks off", answer: breaksOff, code: "lm_unavailable", retryable: true },
  {
    name: "an answer cut off at maxTokens",
    answer: says("{", { finish: "length" }),
    code: "output_parse_error",
    retryable: false,
    says: /512 tokens/,
    isOfText: true,
  },
  {
    name: "a content filter",
    answer: says("", { finish: "content_filter" }),
    code: "lm_rejected",
    retryable: false,
  },
];

for (const member of MEMBERS) {
  describe(`adapter ${member.name}`, () => {
    const adapter = adapters[member.name];
    const { top } = member;
    const isText = top === undefined;
    const good = says(member.good, isText ? {} : { top });

    for (const fault of FAULTS.filter(({ isOfText }) => isText || isOfText !== true)) {
      it(`fault - ${fault.name} is ${fault.code}`, async () => {
        await using server = await startFakeModelServer(fault.answer);
        const model = { ...request(server, member).model, apiKeyEnv: "FAKE_KEY" };
        const error = await failure(adapter.call(request(server, member, { model })));
        assert.equal(error.code, fault.code, error.message);
        assert.equal(error.retryable, fault.retryable);
        assert.equal(error.retryAfterMs, fault.retryAfterMs);
        if (fault.says !== undefined) assert.match(error.message, fault.says);
        assert.ok(!JSON.stringify([error.toWire(), error.stack]).includes(KEY), "no key in the error");
        assert.equal(error.cause, undefined, "causes would carry the prompt");
        assert.equal(server.requests.length, 1, "nobody retries but the router");
        assert.equal(server.requests[0]?.authorization, `Bearer ${KEY}`);
      });
    }

    it("fault - no answer in time is lm_timeout and the request is given up", async () => {
      await using server = await startFakeModelServer(hangs);
      const settings = { ...member.settings, timeoutMs: 60 };
      const error = await failure(adapter.call(request(server, member, { settings })));
      assert.equal(error.code, "lm_timeout");
      assert.match(error.message, /within 60 ms/);
    });

    it("fault - nobody listens is lm_unavailable", async () => {
      const server = await startFakeModelServer();
      const gone = request(server, member);
      await server[Symbol.asyncDispose]();
      assert.equal((await failure(adapter.call(gone))).code, "lm_unavailable");
    });

    it("cancel - the reason of the signal comes out and the connection is closed", async () => {
      await using server = await startFakeModelServer(hangs);
      const abort = new AbortController();
      const failed = failure(adapter.call(request(server, member, { signal: abort.signal })));
      while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
      abort.abort(new DspexError("deadline_exceeded", "too late"));
      assert.equal((await failed).code, "deadline_exceeded");
      while (server.abandoned === 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it("cancel - before the start no request is sent", async () => {
      await using server = await startFakeModelServer(good);
      const error = await failure(adapter.call(request(server, member, { signal: AbortSignal.abort() })));
      assert.equal(error.code, "cancelled");
      assert.equal(server.requests.length, 0);
    });

    it("answer - outputs, text, usage, cost, model and times", async () => {
      await using server = await startFakeModelServer(good);
      const model = {
        ...request(server, member).model,
        price: { inputPerMillionUsd: 2, outputPerMillionUsd: 10 },
      };
      const answer = await adapter.call(request(server, member, { model }));
      assert.deepEqual(answer.outputs, { answer: "forty-two" });
      assert.equal(answer.text, member.good);
      assert.deepEqual(answer.usage, { inputTokens: 11, outputTokens: 7, costUsd: (11 * 2 + 7 * 10) / 1e6 });
      assert.equal(answer.finishReason, "stop");
      assert.equal(answer.modelId, "fake-model-2026");
      assert.ok(answer.timings.totalMs > 0);
    });

    it("answer - without usage counts nothing", async () => {
      await using server = await startFakeModelServer(
        says(member.good, { usage: null, ...(!isText && { top }) }),
      );
      const { usage } = await adapter.call(request(server, member));
      assert.deepEqual(usage, { inputTokens: 0, outputTokens: 0 });
    });

    it("connections - are used again", async () => {
      await using server = await startFakeModelServer(good);
      for (let n = 0; n < 20; n++) await adapter.call(request(server, member));
      assert.equal(server.requests.length, 20);
      // The first is not free again the moment that its answer is there.
      assert.ok(server.connections <= 2, `${server.connections} connections`);
    });

    it("key - one that is not set is said by the variable's name", async () => {
      await using server = await startFakeModelServer(good);
      const model = { ...request(server, member).model, apiKeyEnv: "NO_SUCH_KEY" };
      const error = await failure(adapter.call(request(server, member, { model })));
      assert.equal(error.code, "lm_auth");
      assert.match(error.message, /NO_SUCH_KEY/);
      assert.equal(server.requests.length, 0);
    });
  });
}

for (const member of MEMBERS.filter(({ top }) => top === undefined)) {
  describe(`adapter ${member.name}, of texts`, () => {
    const adapter = adapters[member.name];
    const good = says(member.good);

    it("settings - the implementation's go before the model's", async () => {
      await using server = await startFakeModelServer(good);
      const settings = { ...member.settings, temperature: 0.5, maxTokens: 33, stop: ["END"] };
      await adapter.call(request(server, member, { settings }));
      await adapter.call(request(server, member));
      const [first, second] = server.requests;
      assert.deepEqual(
        [first?.temperature, first?.max_tokens, first?.stop, first?.model],
        [0.5, 33, ["END"], "fake-model"],
      );
      assert.deepEqual([second?.temperature, second?.max_tokens, second?.stop], [undefined, 512, undefined]);
    });

    it("history - earlier turns come before the question", async () => {
      await using server = await startFakeModelServer(good);
      const history = [{ inputs: { question: "One?" }, outputs: { answer: "1" } }];
      await adapter.call(request(server, member, { history }));
      const messages = server.requests[0]?.messages ?? [];
      assert.deepEqual(
        messages.map(({ role }) => role),
        ["user", "assistant", "user"],
      );
      assert.match(String(messages[0]?.content), /^One\?/);
      assert.match(String(messages[1]?.content), /1/);
      assert.match(String(messages[2]?.content), /six times seven/);
    });

    it("constraints - an output that breaks them is output_invalid, with what it cost", async () => {
      const wrong = member.name === "plain" ? "far too long" : '{"answer": "far too long"}';
      await using server = await startFakeModelServer(says(wrong));
      const short = parseSignature("question: str -> answer: str(max_length=3)");
      const error = await failure(adapter.call(request(server, member, { signature: short })));
      assert.equal(error.code, "output_invalid");
      assert.match(error.path ?? "", /answer/);
      assert.equal(usageOf(error)?.inputTokens, 11 * server.requests.length);
    });

    it("image - goes as an address to a model that sees, and to no other", async () => {
      await using server = await startFakeModelServer(good);
      const signature = parseSignature("question: str, photo: Image -> answer: str");
      const inputs = { question: "What is it?", photo: { $image: { url: "https://example.org/cat.png" } } };
      const blind = await failure(adapter.call(request(server, member, { signature, inputs })));
      assert.equal(blind.code, "lm_rejected");
      const model = server.model({
        capabilities: { responseSchema: true, tools: false, vision: true, logprobs: false },
      });
      await adapter.call(request(server, member, { signature, inputs, model }));
      assert.match(JSON.stringify(server.requests[0]?.messages), /"url":"https:\/\/example.org\/cat.png"/);
    });
  });
}
