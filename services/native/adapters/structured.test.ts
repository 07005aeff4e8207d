import assert from "node:assert/strict";
import { it } from "node:test";
import { isDspexError } from "../../../schemas/errors.ts";
import { parseSignature, type WireValues } from "../../../schemas/signature/mod.ts";
import { says, startFakeModelServer } from "../../../tests/kit/fake-model-server.ts";
import type { ModelSettings, OutputStream } from "./adapter.ts";
import { createModelAdapters, usageOf } from "./mod.ts";

const HELD = { responseSchema: true, tools: false, vision: false, logprobs: false };
const { structured } = createModelAdapters({ variables: {} });

async function ask(
  answers: string[],
  text: string,
  inputs: WireValues,
  {
    settings = {},
    isHeld = true,
    stream,
  }: { settings?: ModelSettings; isHeld?: boolean; stream?: OutputStream } = {},
) {
  const server = await startFakeModelServer();
  server.next(...answers.map((answer) => says(answer.split(/(?<=[ ,])/))));
  const model = server.model(isHeld ? { capabilities: HELD } : {});
  const call = structured.call({
    model,
    signature: parseSignature(text),
    inputs,
    settings,
    signal: new AbortController().signal,
    stream,
  });
  const outcome = await call.then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  );
  await server[Symbol.asyncDispose]();
  const error = isDspexError(outcome.error) ? outcome.error : undefined;
  return { answer: outcome.answer, error, requests: server.requests };
}

it("prompt - a single text, then the instructions and the outputs' names", async () => {
  const { requests } = await ask(
    ['{"label": "positive"}'],
    '"Is the sentiment positive or negative?" text: str -> label: Literal["positive", "negative"]',
    { text: "I love it." },
  );
  assert.deepEqual(requests[0]?.messages, [
    {
      role: "user",
      content: "I love it.\n\nIs the sentiment positive or negative? Answer in JSON with label.",
    },
  ]);
  const schema = requests[0]?.response_format?.json_schema;
  assert.deepEqual(schema?.schema, {
    type: "object",
    properties: { label: { enum: ["positive", "negative"] } },
    required: ["label"],
    additionalProperties: false,
  });
  assert.equal(schema?.strict, true);
});

it("prompt - several inputs are named, descriptions are told, other values are JSON", async () => {
  const { requests } = await ask(
    ['{"answer": "x", "sure": true}'],
    'question: str, facts: list[str] "what is known" -> answer: str "one sentence", sure: bool',
    { question: "Why?", facts: ["a", "b"] },
  );
  assert.equal(
    requests[0]?.messages[0]?.content,
    'question: Why?\nfacts (what is known): ["a","b"]\n\nGive the answer and sure. answer: one sentence. Answer in JSON with answer and sure.',
  );
});

it("prompt - a literal without instructions becomes a question", async () => {
  const { requests } = await ask(['{"size": 1}'], "thing: str -> size: Literal[1, 2]", { thing: "mouse" });
  assert.equal(requests[0]?.messages[0]?.content, "mouse\n\nIs the size 1 or 2? Answer in JSON with size.");
});

it("prompt - the implementation's template takes the place of ours", async () => {
  const settings = { prompt: "Q: {{question}} / {{ missing }}\nA:" };
  const { requests } = await ask(
    ['{"answer": "x"}'],
    "question: str -> answer: str",
    { question: "Why?" },
    { settings },
  );
  assert.equal(requests[0]?.messages[0]?.content, "Q: Why? / \nA:");
});

it("prompt - a model that takes no schema is told it, and no format is asked of its server", async () => {
  const { requests, answer } = await ask(
    ['Sure!\n```json\n{"answer": "x"}\n```\nAnything else?'],
    "question: str -> answer: str",
    { question: "Why?" },
    { isHeld: false },
  );
  assert.match(String(requests[0]?.messages[0]?.content), /must fit this schema: \{"type":"object"/);
  assert.equal(requests[0]?.response_format, undefined);
  assert.deepEqual(answer?.outputs, { answer: "x" });
});

it("schema - one that leaves objects open is not called strict", async () => {
  const { requests } = await ask(['{"counts": {"a": 1}}'], "text: str -> counts: dict[str, int]", {
    text: "a",
  });
  assert.equal(requests[0]?.response_format?.json_schema?.strict, false);
});

it("schema - bounds beyond 2^53 do not stop a call", async () => {
  const { answer } = await ask(['{"n": 9007199254740995}'], "text: str -> n: int(le=9007199254740995)", {
    text: "a",
  });
  assert.deepEqual(answer?.outputs, { n: 9007199254740995n });
});

it("repair - an answer that does not fit is shown with its problems, and usage adds up", async () => {
  const { requests, answer } = await ask(
    ['{"confidence": 7}', '{"confidence": 0.7}'],
    "text: str -> confidence: float(ge=0, le=1)",
    { text: "a" },
  );
  assert.deepEqual(answer?.outputs, { confidence: 0.7 });
  assert.deepEqual(answer?.usage, { inputTokens: 22, outputTokens: 14 });
  const [, shown, asked] = requests[1]?.messages ?? [];
  assert.deepEqual(shown, { role: "assistant", content: '{"confidence": 7}' });
  assert.match(String(asked?.content), /outputs\.confidence: expected float.*got/);
});

it("repair - is tried once", async () => {
  const { requests, error } = await ask(["no", "still no", '{"answer": "x"}'], "q: str -> answer: int", {
    q: "a",
  });
  assert.equal(requests.length, 2);
  assert.equal(error?.code, "output_parse_error");
  assert.equal(error?.retryable, true);
  assert.deepEqual(usageOf(error), { inputTokens: 22, outputTokens: 14 });
});

it("answer - a single output given without its name is taken", async () => {
  const { answer } = await ask(['"positive"'], 'text: str -> label: Literal["positive"]', { text: "a" });
  assert.deepEqual(answer?.outputs, { label: "positive" });
});

it("answer - integers keep every digit", async () => {
  const { answer } = await ask(['{"n": 123456789012345678901}'], "text: str -> n: int", { text: "a" });
  assert.deepEqual(answer?.outputs, { n: 123456789012345678901n });
});

it("stream - outputs are handed on while they are written, a second turn starts over", async () => {
  const said: string[] = [];
  const stream: OutputStream = {
    write: async ({ field, text, json }) => void said.push(`${field}${json ? ":" : " "}${text}`),
    restart: () => void said.push("restart"),
  };
  const { answer, requests } = await ask(
    ['{"answer": "to be", "score": 700}', '{"answer": "or not", "score": 7}'],
    "q: str -> answer: str, score: int(le=10)",
    { q: "?" },
    { stream },
  );
  assert.deepEqual(said, [
    "answer to ",
    "answer be",
    "score:700",
    "restart",
    "answer or ",
    "answer not",
    "score:7",
  ]);
  assert.deepEqual(answer?.outputs, { answer: "or not", score: 7 });
  assert.deepEqual(answer?.usage, { inputTokens: 22, outputTokens: 14 });
  assert.ok(answer?.timings.firstTokenMs !== undefined);
  assert.deepEqual(
    requests.map((request) => [request.stream, request.response_format?.type]),
    [
      [true, "json_schema"],
      [true, "json_schema"],
    ],
  );
});
