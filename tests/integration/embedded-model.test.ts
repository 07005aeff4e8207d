// The adapters on the embedded model itself, with the programs that ship: what it says is its own, the form is ours.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { parseSignature, type WireValues } from "../../schemas/signature/mod.ts";
import { createModelAdapters } from "../../services/native/adapters/mod.ts";
import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { startModelServer, type TestModelServer } from "../kit/start-model-server.ts";

const adapters = createModelAdapters({ variables: {} });
const programs = new Map(shippedPrograms().map(({ declaration }) => [declaration.name, declaration]));

describe("embedded model", { timeout: 120_000 }, () => {
  let server: TestModelServer;
  before(async () => {
    server = await startModelServer();
  });
  after(() => server[Symbol.asyncDispose]());

  function call(
    program: string,
    implementation: string,
    inputs: WireValues,
    onDelta?: (text: string) => void,
  ) {
    const declaration = programs.get(program);
    const found = declaration?.implementations.find(({ name }) => name === implementation);
    const settings = found as Extract<Implementation, { kind: "structured" | "plain" }>;
    return adapters[settings.kind].call({
      model: server.model,
      signature: parseSignature(String(declaration?.signature)),
      inputs,
      settings,
      signal: new AbortController().signal,
      onDelta,
    });
  }

  it("embedded model - labels plain sentences", async () => {
    const sentences: [string, string][] = [
      ["The food was wonderful and the staff was friendly.", "positive"],
      ["I love this book.", "positive"],
      ["What a beautiful day, everything was perfect.", "positive"],
      ["The worst hotel that I have ever stayed in.", "negative"],
      ["It broke after one day and nobody helped me.", "negative"],
      ["I hate this terrible phone.", "negative"],
    ];
    for (const [text, label] of sentences) {
      const answer = await call("sentiment", "structured", { text });
      assert.deepEqual(answer.outputs, { label }, text);
      assert.ok(answer.usage.inputTokens > 10 && answer.usage.outputTokens > 3);
      assert.equal(answer.modelId, "smollm2");
    }
  });

  it("embedded model - keeps to a nested schema", async () => {
    const text =
      "Hello, this is Maria Lopez. Please send me 3 lamps and 2 chairs. My address is maria@example.org.";
    const { outputs, finishReason } = await call("extract", "structured", { text });
    assert.equal(finishReason, "stop");
    const { order } = outputs as { order: { customer: string; items: { name: string; quantity: number }[] } };
    assert.match(order.customer, /Maria/);
    assert.ok(order.items.length > 0);
  });

  it("embedded model - streams a summary", async () => {
    const pieces: string[] = [];
    const text =
      "The town has a new tram. It connects the station with the university. The state paid for it.";
    const answer = await call("summarize", "plain", { text }, (piece) => void pieces.push(piece));
    assert.ok(pieces.length > 3);
    assert.equal(pieces.join("").trim(), answer.outputs.summary);
    assert.ok((answer.timings.firstTokenMs ?? Number.NaN) < answer.timings.totalMs);
  });

  it("embedded model - says that a prompt is too long", async () => {
    const error = await call("answer", "direct", { question: "why ".repeat(3_000) }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(isDspexError(error));
    assert.equal(error.code, "context_window_exceeded", error.message);
  });
});
