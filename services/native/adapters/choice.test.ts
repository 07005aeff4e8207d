// Choices against a server that tells likelihoods by llama.cpp's endpoints, and against one that only chats.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DspexError } from "../../../schemas/errors.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { type FakeLlama, fakeLlama } from "../../../tests/kit/fake-llama.ts";
import {
  type FakeAnswer,
  type FakeModelServer,
  fails,
  hangs,
  otherJson,
  rateLimited,
  says,
  startFakeModelServer,
} from "../../../tests/kit/fake-model-server.ts";
import type { ModelRequest } from "./adapter.ts";
import { createModelAdapters } from "./mod.ts";

const KEY = "sk-test-0123456789abcdef";
const MOOD = parseSignature('text: str -> mood: Literal["positive", "negative"]');
const TEA = { text: "I love this tea." };

async function choose(server: FakeModelServer, more: Partial<ModelRequest> = {}, adapters = fresh()) {
  const request = { signature: MOOD, inputs: TEA, settings: {}, signal: new AbortController().signal };
  return adapters.choice.call({ model: server.model(), ...request, ...more });
}

/** What is found out about a model is remembered by the adapters. */
function fresh() {
  return createModelAdapters({ variables: { FAKE_KEY: KEY } });
}

async function failure(promise: Promise<unknown>): Promise<DspexError> {
  return promise.then(
    () => assert.fail("the call succeeded"),
    (error) => error,
  );
}

function llama(likelihoods: Record<string, number> | ((text: string) => Record<string, number>)): FakeLlama {
  return fakeLlama({
    vocabulary: [" positive", " negative", " po", "litical", "sitive", " yes", " no", "yes", "no"],
    likelihoods: typeof likelihoods === "function" ? likelihoods : () => likelihoods,
  });
}

function close(found: Readonly<Record<string, number>> | undefined, expected: Record<string, number>) {
  assert.deepEqual(Object.keys(found ?? {}), Object.keys(expected));
  for (const [label, value] of Object.entries(expected))
    assert.ok(Math.abs((found?.[label] ?? Number.NaN) - value) < 1e-9, `${label}: ${found?.[label]}`);
}

describe("choice by completion", () => {
  it("completion - asks for one token among the labels', behind a short prompt", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const answer = await choose(server);
    assert.deepEqual(answer.outputs, { mood: "positive" });
    assert.deepEqual(model.completions, [
      { text: "Text: I love this tea.\nMood:", biased: [" positive", " negative"] },
    ]);
    close(answer.choice?.labelScores, { positive: Math.log(0.75), negative: Math.log(0.25) });
    assert.ok(Math.abs((answer.choice?.confidence ?? 0) - 0.75) < 1e-9);
    assert.deepEqual(
      [answer.modelId, answer.finishReason, answer.text],
      ["fake-llama", "length", "positive"],
    );
    assert.ok(answer.timings.totalMs > 0);
    assert.equal(server.requests.length, 0, "no chat");
  });

  it("completion - usage and cost are recorded", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const price = { inputPerMillionUsd: 2, outputPerMillionUsd: 10 };
    const { usage } = await choose(server, { model: server.model({ price }) });
    assert.equal(usage.outputTokens, 1);
    assert.ok(usage.inputTokens > 10);
    assert.equal(usage.costUsd, (usage.inputTokens * 2 + 10) / 1e6);
  });

  it("completion - the means turn an answer that the model always gives", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const means = { positive: Math.log(0.9), negative: Math.log(0.1) };
    const { outputs, choice } = await choose(server, { means });
    assert.deepEqual(outputs, { mood: "negative" });
    const odds = 0.25 / 0.1 / (0.75 / 0.9);
    assert.ok(Math.abs((choice?.confidence ?? 0) - odds / (1 + odds)) < 1e-9);
    close(choice?.labelScores, { positive: Math.log(0.75), negative: Math.log(0.25) });
  });

  it("completion - the same again gives the same, and words are cut once", async () => {
    const model = llama({ " positive": 3, " negative": 2 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const adapters = fresh();
    const settings = { model: server.model() };
    const first = await choose(server, settings, adapters);
    const cut = model.tokenized.length;
    const rest = await Promise.all([1, 2, 3].map(() => choose(server, settings, adapters)));
    for (const { outputs, choice } of rest) assert.deepEqual({ outputs, choice }, pick(first));
    assert.equal(model.tokenized.length, cut);
    assert.ok(server.connections <= 6, `${server.connections} connections`);
  });

  it("completion - labels that begin alike are told apart at their next token", async () => {
    const model = llama((text) =>
      text.endsWith(" po") ? { sitive: 1, litical: 4 } : { " po": 3, " negative": 1 },
    );
    await using server = await startFakeModelServer(otherJson, {
      ...model.endpoints,
      "/tokenize": ({ content }, response) => {
        const pieces: Record<string, number[]> = {
          ":": [1],
          ": positive": [1, 2, 4],
          ": political": [1, 2, 3],
          ": negative": [1, 1],
          ":\n": [1, 9],
        };
        response.end(JSON.stringify({ tokens: pieces[String(content)] ?? [7] }));
      },
    });
    const signature = parseSignature('text: str -> mood: Literal["positive", "political", "negative"]');
    const { choice, outputs } = await choose(server, { signature });
    assert.deepEqual(model.completions.length, 2);
    assert.deepEqual(outputs, { mood: "political" });
    close(choice?.labelScores, {
      positive: Math.log(0.75 * 0.2),
      political: Math.log(0.75 * 0.8),
      negative: Math.log(0.25),
    });
  });

  it("completion - words stand for labels, a template takes the place of our prompt", async () => {
    const model = llama({ " yes": 1, " no": 2 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const settings = { words: { true: "yes", false: "no" }, prompt: "{{text}}\nIs it good? " };
    const signature = parseSignature("text: str -> good: bool");
    const answer = await choose(server, { settings, signature });
    assert.deepEqual(answer.outputs, { good: false });
    assert.deepEqual(Object.keys(answer.choice?.labelScores ?? {}), ["true", "false"]);
    assert.deepEqual(model.completions, [{ text: "I love this tea.\nIs it good?", biased: [" yes", " no"] }]);
  });

  it("completion - earlier turns come before as examples", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    await choose(server, { history: [{ inputs: { text: "Bah." }, outputs: { mood: "negative" } }] });
    assert.equal(model.completions[0]?.text, "Text: Bah.\nMood: negative\n\nText: I love this tea.\nMood:");
  });

  it("completion - instructions are read where they say more than the labels", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const output = 'text: str -> mood: Literal["positive", "negative"]';
    await choose(server, { signature: parseSignature(`"Is the mood positive or negative?" ${output}`) });
    await choose(server, { signature: parseSignature(`"How does the buyer feel?" ${output}`) });
    assert.deepEqual(
      model.completions.map(({ text }) => text.split("\n")[0]),
      ["Text: I love this tea.", "How does the buyer feel?"],
    );
  });

  const faults: [name: string, answer: FakeAnswer, code: string, retryAfterMs?: number][] = [
    ["429", rateLimited(2), "lm_rate_limited", 2_000],
    ["500", fails(500, "boom"), "lm_unavailable"],
    ["503", fails(503, "Loading model"), "lm_unavailable"],
    ["401 that quotes the key", fails(401, `bad key ${KEY}`), "lm_auth"],
    ["a prompt too long", fails(400, "exceeds the available context size"), "context_window_exceeded"],
    ["a text", (_, response) => void response.end("hello"), "lm_unavailable"],
  ];
  for (const [name, answer, code, retryAfterMs] of faults)
    it(`completion - ${name} is ${code}`, async () => {
      const model = llama({});
      model.next(answer);
      await using server = await startFakeModelServer(otherJson, model.endpoints);
      const error = await failure(choose(server, { model: server.model({ apiKeyEnv: "FAKE_KEY" }) }));
      assert.equal(error.code, code, error.message);
      assert.equal(error.retryAfterMs, retryAfterMs);
      assert.ok(!JSON.stringify([error.toWire(), error.stack]).includes(KEY));
      assert.equal(model.completions.length, 1);
      assert.equal(server.requests.length, 0, "no other way is tried");
    });

  it("completion - no answer in time is lm_timeout", async () => {
    const model = llama({});
    model.next(hangs);
    await using server = await startFakeModelServer(otherJson, model.endpoints);
    const error = await failure(choose(server, { settings: { timeoutMs: 60 } }));
    assert.equal(error.code, "lm_timeout", error.message);
  });

  it("completion - a server that is loading is probed again", async () => {
    const model = llama({ " positive": 3, " negative": 1 });
    let isLoading = true;
    await using server = await startFakeModelServer(otherJson, {
      ...model.endpoints,
      "/tokenize": (body, response, headers) =>
        isLoading
          ? fails(503, "Loading model")(body as never, response)
          : model.endpoints["/tokenize"]?.(body, response, headers),
    });
    const adapters = fresh();
    const settings = { model: server.model() };
    assert.equal((await failure(choose(server, settings, adapters))).code, "lm_unavailable");
    isLoading = false;
    assert.deepEqual((await choose(server, settings, adapters)).outputs, { mood: "positive" });
  });

  for (const [name, answer] of [
    ["that is closed", fails(404, "not here")],
    ["without probabilities", otherJson],
  ] as const)
    it(`completion - an endpoint ${name} gives way to the chat, for good`, async () => {
      const model = llama({});
      model.next(answer, answer);
      await using server = await startFakeModelServer(says("x", { top: { positive: -1 } }), model.endpoints);
      const adapters = fresh();
      const settings = { model: server.model() };
      for (let n = 0; n < 2; n++)
        assert.deepEqual((await choose(server, settings, adapters)).outputs, { mood: "positive" });
      assert.deepEqual([model.completions.length, server.requests.length], [1, 2]);
    });
});

describe("choice by chat", () => {
  const top = { positive: -1, negative: -2, Negative: -2, The: -3 };

  it("chat - an answer is begun and its first token looked at", async () => {
    await using server = await startFakeModelServer(says("positive", { top }));
    const { outputs, choice, usage } = await choose(server);
    assert.deepEqual(outputs, { mood: "positive" });
    const { messages, max_tokens, logprobs, top_logprobs } = server.requests[0] ?? {};
    assert.deepEqual([max_tokens, logprobs, top_logprobs], [1, true, 20]);
    assert.deepEqual(messages, [
      {
        role: "user",
        content: "I love this tea.\n\nIs the mood positive or negative? Answer in JSON with mood.",
      },
      { role: "assistant", content: '{"mood": "' },
    ]);
    const [a, b] = [Math.exp(-1), 2 * Math.exp(-2)];
    close(choice?.labelScores, { positive: Math.log(a / (a + b)), negative: Math.log(b / (a + b)) });
    assert.deepEqual(usage, { inputTokens: 11, outputTokens: 7 });
  });

  it("chat - a label that is not among the likeliest is at most as likely as the least of them", async () => {
    await using server = await startFakeModelServer(says("x", { top: { positive: -1, The: -4 } }));
    const { choice } = await choose(server);
    const all = Math.exp(-1) + Math.exp(-4);
    close(choice?.labelScores, { positive: -1 - Math.log(all), negative: -4 - Math.log(all) });
  });

  for (const [name, first] of [
    ["that begins anew", says("x", { top: { "{": -1, Sure: -2 } })],
    ["that refuses a begun answer", fails(400, "the last message must not be of role assistant")],
  ] as const)
    it(`chat - a server ${name} is asked for a word, at once the next time`, async () => {
      await using server = await startFakeModelServer(
        says("Negative", { top: { Negative: -0.5, Positive: -1 } }),
      );
      server.next(first);
      const adapters = fresh();
      const settings = { model: server.model() };
      for (let n = 0; n < 2; n++)
        assert.deepEqual((await choose(server, settings, adapters)).outputs, { mood: "negative" });
      assert.equal(server.requests.length, 3);
      assert.deepEqual(server.requests[2]?.messages, [
        {
          role: "user",
          content:
            "I love this tea.\n\nIs the mood positive or negative? Answer with one word: positive or negative.",
        },
      ]);
    });

  it("chat - truth values and numbers stand without quotes, earlier turns before", async () => {
    await using server = await startFakeModelServer(says("x", { top: { " true": -1, " false": -2 } }));
    const signature = parseSignature("text: str -> good: bool");
    const history = [{ inputs: { text: "Bah." }, outputs: { good: false } }];
    const { outputs } = await choose(server, { signature, history });
    assert.deepEqual(outputs, { good: true });
    assert.deepEqual(
      server.requests[0]?.messages.filter(({ role }) => role === "assistant").map(({ content }) => content),
      ['{"good": false}', '{"good":'],
    );
  });

  it("chat - an image goes to a model that sees it", async () => {
    const model = llama({});
    await using server = await startFakeModelServer(says("x", { top }), model.endpoints);
    const signature = parseSignature('photo: Image -> mood: Literal["positive", "negative"]');
    const capabilities = { responseSchema: true, tools: false, vision: true, logprobs: true };
    const inputs = { photo: { $image: { url: "https://example.org/cat.png" } } };
    await choose(server, { signature, inputs, model: server.model({ capabilities }) });
    assert.match(JSON.stringify(server.requests[0]?.messages), /example.org\/cat.png/);
    assert.equal(model.completions.length, 0);
  });

  it("chat - without log-probabilities it is refused, naming them", async () => {
    await using server = await startFakeModelServer(says("positive"));
    const error = await failure(choose(server));
    assert.equal(error.code, "lm_rejected");
    assert.match(error.message, /tells no log-probabilities \(top_logprobs/);
    assert.deepEqual(error.details, {
      model: "fake-model",
      missing: "top_logprobs",
      usage: { inputTokens: 11, outputTokens: 7 },
    });
    assert.equal(server.requests.length, 1);
  });

  it("chat - an answer that would begin with no label is a parse error that is not tried again", async () => {
    await using server = await startFakeModelServer(says("x", { top: { The: -1, I: -2 } }));
    const error = await failure(choose(server));
    assert.equal(error.code, "output_parse_error");
    assert.equal(error.retryable, false);
    assert.match(error.message, /would say "The", "I"/);
  });

  it("chat - labels that cannot be told apart by their first token are refused", async () => {
    await using server = await startFakeModelServer(says("x", { top: { po: -0.5, neg: -1 } }));
    const signature = parseSignature('text: str -> mood: Literal["positive", "political", "negative"]');
    const error = await failure(choose(server, { signature }));
    assert.equal(error.code, "lm_rejected");
    assert.match(error.message, /begins "positive" and "political" with the same "po"/);
  });

  it("signature - anything but one choice is refused before a call", async () => {
    await using server = await startFakeModelServer();
    for (const text of ["q: str -> a: str", "q: str -> a: bool, b: bool"])
      assert.equal(
        (await failure(choose(server, { signature: parseSignature(text), inputs: { q: "?" } }))).code,
        "invalid_inputs",
      );
    assert.equal(server.requests.length, 0);
  });
});

function pick({ outputs, choice }: Awaited<ReturnType<typeof choose>>) {
  return { outputs, choice };
}
