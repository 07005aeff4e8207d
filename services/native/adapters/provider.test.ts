import assert from "node:assert/strict";
import { it } from "node:test";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { modelSchema } from "../../../schemas/config/models.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { says, startFakeModelServer } from "../../../tests/kit/fake-model-server.ts";
import { createModelSource } from "./provider.ts";
import { createStructuredAdapter } from "./structured.ts";

const model = modelSchema.parse({ model: "m", baseUrl: "http://127.0.0.1:1/v1" });

function sourceOf(importPackage: (name: string) => Promise<Record<string, unknown>>) {
  return createModelSource({ variables: { ACME_KEY: "acme-secret-1" }, importPackage });
}

it("package - one that is not installed is named with the command that installs it", async () => {
  const source = createModelSource({ variables: {} });
  await assert.rejects(source({ ...model, provider: "@ai-sdk/no-such-provider" }), {
    code: "lm_rejected",
    message:
      'provider package "@ai-sdk/no-such-provider" is not installed: npm install @ai-sdk/no-such-provider',
  });
});

it("package - what is no name of one is not imported", async () => {
  const source = sourceOf(() => assert.fail("imported"));
  for (const provider of ["./mine.js", "file:///tmp/x.mjs", "data:text/javascript,1", "../x", "@a/b/c"])
    await assert.rejects(source({ ...model, provider }), { code: "lm_rejected" });
});

it("package - one that makes no provider is refused, and may be mended", async () => {
  const exported: Record<string, unknown>[] = [{ hello: 1 }, { createAcme: createAcme() }];
  const source = sourceOf(async () => exported.shift() ?? {});
  const acme = { ...model, provider: "acme" };
  await assert.rejects(source(acme), /exports no create… function/);
  assert.ok((await source(acme)).object);
});

it("package - its own factory is given key and address, once", async () => {
  await using server = await startFakeModelServer(says('{"answer": "x"}'));
  const made: unknown[] = [];
  const source = sourceOf(async () => ({
    createAcmeTools: () => assert.fail(),
    createAcme: createAcme(made),
  }));
  const adapter = createStructuredAdapter(source);
  const acme = { ...server.model({ provider: "@ai-sdk/acme", apiKeyEnv: "ACME_KEY" }) };
  for (let n = 0; n < 2; n++) {
    const answer = await adapter.call({
      model: acme,
      signature: parseSignature("question: str -> answer: str"),
      inputs: { question: "?" },
      settings: {},
      signal: new AbortController().signal,
    });
    assert.deepEqual(answer.outputs, { answer: "x" });
  }
  assert.deepEqual(made, [{ apiKey: "acme-secret-1", baseURL: server.baseUrl }]);
  assert.equal(server.requests[0]?.authorization, "Bearer acme-secret-1");
});

function createAcme(made: unknown[] = []) {
  return (settings: { apiKey: string; baseURL: string }) => {
    made.push(settings);
    return createOpenAICompatible({ name: "acme", ...settings });
  };
}
