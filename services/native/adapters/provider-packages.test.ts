// Two providers that are no OpenAI-compatible server, by configuration alone: the package's name, a key, a model. The real
// packages against servers that speak their wire formats.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { modelSchema } from "../../../schemas/config/models.ts";
import { type DspexError, isDspexError } from "../../../schemas/errors.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { type FakeModelServer, startFakeModelServer } from "../../../tests/kit/fake-model-server.ts";
import { type FakeProvider, fakeAnthropic, fakeOpenai, refuses } from "../../../tests/kit/fake-providers.ts";
import { readerOf } from "../../../tests/kit/output-stream.ts";
import type { ModelRequest } from "./adapter.ts";
import { createModelAdapters, type ModelAdapters } from "./mod.ts";

const KEY = "key-0123456789abcdef";
const adapters = createModelAdapters({ variables: { PROVIDER_KEY: KEY } });
const PRICE = { inputPerMillionUsd: 3, outputPerMillionUsd: 15 };
const COST = { inputTokens: 11, outputTokens: 7, costUsd: (11 * 3 + 7 * 15) / 1e6 };

interface Package {
  provider: string;
  model: string;
  fake(text: string): FakeProvider;
  modelId: string;
  /** Where the key goes. */
  header: "x-api-key" | "authorization";
  /** The schema in the request's body. */
  schemaIn(body: Record<string, unknown>): unknown;
}

const PACKAGES: Package[] = [
  {
    provider: "@ai-sdk/anthropic",
    model: "claude-sonnet-4-5",
    fake: fakeAnthropic,
    modelId: "claude-fake-2026",
    header: "x-api-key",
    schemaIn: (body) => (body.output_config as { format: { schema: unknown } }).format.schema,
  },
  {
    provider: "@ai-sdk/openai",
    model: "gpt-4.1-mini",
    fake: fakeOpenai,
    modelId: "gpt-fake-2026",
    header: "authorization",
    schemaIn: (body) => (body.text as { format: { schema: unknown } }).format.schema,
  },
];

function modelOf(server: FakeModelServer, { provider, model }: Package) {
  return modelSchema.parse({
    provider,
    model,
    baseUrl: server.baseUrl,
    apiKeyEnv: "PROVIDER_KEY",
    capabilities: { responseSchema: true, logprobs: true },
    price: PRICE,
  });
}

function call(
  kind: keyof ModelAdapters,
  server: FakeModelServer,
  one: Package,
  more: Partial<ModelRequest> = {},
) {
  return adapters[kind].call({
    model: modelOf(server, one),
    signature: parseSignature("question: str -> answer: str"),
    inputs: { question: "What is six times seven?" },
    settings: kind === "plain" ? { prompt: "{{question}}" } : {},
    signal: new AbortController().signal,
    ...more,
  });
}

async function failure(promise: Promise<unknown>): Promise<DspexError> {
  const error = await promise.then(
    () => assert.fail("the call succeeded"),
    (thrown: unknown) => thrown,
  );
  assert.ok(isDspexError(error), String(error));
  return error;
}

for (const one of PACKAGES) {
  describe(one.provider, () => {
    it("structured - holds the answer to the schema, with usage and cost", async () => {
      const fake = one.fake('{"answer": "forty-two"}');
      await using server = await startFakeModelServer(undefined, fake.endpoints);
      const answer = await call("structured", server, one);
      assert.deepEqual(answer.outputs, { answer: "forty-two" });
      assert.deepEqual(answer.usage, COST);
      assert.deepEqual([answer.modelId, answer.finishReason], [one.modelId, "stop"]);
      const [request] = fake.requests;
      assert.equal(request?.headers[one.header]?.toString().replace("Bearer ", ""), KEY);
      assert.equal(request?.body.model, one.model);
      const schema = one.schemaIn(request?.body ?? {}) as { properties: unknown };
      assert.deepEqual(schema.properties, { answer: { type: "string" } });
    });

    it("plain - streams, with usage and the time to the first token", async () => {
      const fake = one.fake("It is forty-two.");
      await using server = await startFakeModelServer(undefined, fake.endpoints);
      const pieces: string[] = [];
      const answer = await call("plain", server, one, { stream: readerOf((text) => void pieces.push(text)) });
      assert.deepEqual(pieces, ["It ", "is ", "forty-two."]);
      assert.deepEqual(answer.outputs, { answer: "It is forty-two." });
      assert.deepEqual(answer.usage, COST);
      assert.deepEqual([answer.modelId, answer.finishReason], [one.modelId, "stop"]);
      assert.ok((answer.timings.firstTokenMs ?? Number.NaN) <= answer.timings.totalMs);
    });

    for (const kind of ["structured", "plain"] as const) {
      it(`${kind} - 429 says when to come again, and nobody comes before`, async () => {
        const fake = one.fake("");
        fake.next(refuses(429, "slow down", 4));
        await using server = await startFakeModelServer(undefined, fake.endpoints);
        const error = await failure(call(kind, server, one));
        assert.deepEqual([error.code, error.retryable, error.retryAfterMs], ["lm_rate_limited", true, 4_000]);
        assert.equal(fake.requests.length, 1);
      });

      it(`${kind} - a refused key is in no text`, async () => {
        const fake = one.fake("");
        fake.next(refuses(401, `invalid key ${KEY}`));
        await using server = await startFakeModelServer(undefined, fake.endpoints);
        const error = await failure(call(kind, server, one));
        assert.equal(error.code, "lm_auth");
        assert.match(error.message, /invalid key \[redacted\]/);
        assert.ok(!JSON.stringify([error.toWire(), error.stack]).includes(KEY));
      });

      it(`${kind} - an overloaded provider is lm_unavailable`, async () => {
        const fake = one.fake("");
        fake.next(refuses(529, "Overloaded"));
        await using server = await startFakeModelServer(undefined, fake.endpoints);
        assert.equal((await failure(call(kind, server, one))).code, "lm_unavailable");
      });
    }
  });
}

describe("choice over a provider's package", () => {
  const mood = { signature: parseSignature('question: str -> mood: Literal["good", "bad"]') };

  it("@ai-sdk/openai - reads the log-probabilities of a response", async () => {
    const [, openai] = PACKAGES as [Package, Package];
    const fake = fakeOpenai("good", [
      { token: "good", logprob: -0.2 },
      { token: "bad", logprob: -1.8 },
    ]);
    await using server = await startFakeModelServer(undefined, fake.endpoints);
    const answer = await call("choice", server, openai, mood);
    assert.deepEqual(answer.outputs, { mood: "good" });
    assert.deepEqual(answer.usage, COST);
    const { include, top_logprobs } = fake.requests[0]?.body ?? {};
    assert.deepEqual([include, top_logprobs], [["message.output_text.logprobs"], 20]);
    const odds = Math.exp(-0.2 + 1.8);
    assert.ok(Math.abs((answer.choice?.confidence ?? 0) - odds / (1 + odds)) < 1e-9);
  });

  it("@ai-sdk/anthropic - tells none, which is said", async () => {
    const [anthropic] = PACKAGES as [Package];
    const fake = fakeAnthropic("good");
    await using server = await startFakeModelServer(undefined, fake.endpoints);
    const error = await failure(call("choice", server, anthropic, mood));
    assert.equal(error.code, "lm_rejected");
    assert.match(error.message, /tells no log-probabilities/);
  });
});
