// The adapters on the embedded model itself, with the programs that ship: what it says is its own, the form is ours.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { parseSignature, type WireValues } from "../../schemas/signature/mod.ts";
import { createChoiceAdapter } from "../../services/native/adapters/choice.ts";
import {
  createModelAdapters,
  type LabelScores,
  type ModelAdapter,
} from "../../services/native/adapters/mod.ts";
import { createModelSource } from "../../services/native/adapters/provider.ts";
import { addScores, type LabelMeans } from "../../services/native/calibrations.ts";
import { shippedPrograms } from "../../services/native/programs/mod.ts";
import { readerOf } from "../kit/output-stream.ts";
import { startModelServer, type TestModelServer } from "../kit/start-model-server.ts";

const adapters = createModelAdapters({ variables: {} });
/** As if the server had no endpoints besides OpenAI's. */
const source = createModelSource({ variables: {} });
const choiceByChat = createChoiceAdapter(async (model) => {
  const { direct: _direct, ...provided } = await source(model);
  return provided;
});
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
    onText?: (text: string) => void,
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
      stream: onText && readerOf(onText),
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

  function choose(text: string, means?: LabelScores, adapter: ModelAdapter = adapters.choice) {
    return adapter.call({
      model: server.model,
      signature: parseSignature('text: str -> topic: Literal["sports", "politics", "science", "business"]'),
      inputs: { text },
      settings: {},
      means,
      signal: new AbortController().signal,
    });
  }

  const TOPICS: [string, string][] = [
    ["The striker scored twice in the last ten minutes.", "sports"],
    ["The parliament rejected the new electoral law.", "politics"],
    ["Astronomers found water vapour around a distant planet.", "science"],
    ["The bank lowered its forecast and its shares fell.", "business"],
    ["She won the marathon in record time.", "sports"],
    ["The president vetoed the bill.", "politics"],
    ["The vaccine protects mice against the virus.", "science"],
    ["The company will close two factories to cut costs.", "business"],
  ];

  it("embedded model - chooses topics by likelihood, four at once, calibrated on the inputs alone", async () => {
    const answers = await Promise.all(TOPICS.map(([text]) => choose(text)));
    const scores = answers.map(({ choice }) => choice?.labelScores ?? {});
    for (const labelScores of scores) {
      const sum = Object.values(labelScores).reduce((all, score) => all + Math.exp(score), 0);
      assert.ok(Math.abs(sum - 1) < 1e-6, JSON.stringify(labelScores));
    }
    const leaning = scores.reduce<LabelMeans | undefined>(addScores, undefined);
    const calibrated = await Promise.all(TOPICS.map(([text]) => choose(text, leaning?.means)));
    const right = calibrated.filter(({ outputs }, index) => outputs.topic === TOPICS[index]?.[1]);
    assert.ok(right.length >= 7, `${right.length} of ${TOPICS.length} are right`);
    for (const { choice, usage, modelId } of calibrated) {
      assert.ok((choice?.confidence ?? 0) > 0.25 && (choice?.confidence ?? 2) <= 1);
      assert.ok(usage.inputTokens > 8 && usage.outputTokens === 1);
      assert.equal(modelId, "smollm2");
    }
  });

  it("embedded model - chooses over the chat, too", async () => {
    const [text, topic] = TOPICS[0] as [string, string];
    const { choice, outputs, usage } = await choose(text, undefined, choiceByChat);
    assert.equal(Object.keys(choice?.labelScores ?? {}).length, 4);
    assert.ok(Object.keys(choice?.labelScores ?? {}).includes(topic));
    assert.equal(typeof outputs.topic, "string");
    assert.equal(usage.outputTokens, 1);
  });

  it("embedded model - says that a prompt for a choice is too long", async () => {
    const error = await choose("why ".repeat(3_000)).catch((thrown: unknown) => thrown);
    assert.ok(isDspexError(error));
    assert.equal(error.code, "context_window_exceeded", error.message);
  });

  it("embedded model - says that a prompt is too long", async () => {
    const error = await call("answer", "direct", { question: "why ".repeat(3_000) }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(isDspexError(error));
    assert.equal(error.code, "context_window_exceeded", error.message);
  });
});
