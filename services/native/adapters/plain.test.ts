import assert from "node:assert/strict";
import { it } from "node:test";
import { isDspexError } from "../../../schemas/errors.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../../../tests/kit/fake-model-server.ts";
import { readerOf } from "../../../tests/kit/output-stream.ts";
import type { ModelRequest } from "./adapter.ts";
import { createModelAdapters } from "./mod.ts";

const { plain } = createModelAdapters({ variables: {} });

function ask(server: FakeModelServer, more: Partial<ModelRequest> = {}) {
  return plain.call({
    model: server.model(),
    signature: parseSignature("text: str, words: int = 20 -> summary: str"),
    inputs: { text: "A long story.", words: 20 },
    settings: { prompt: "Sum up in {{words}} words:\n{{ text }}" },
    signal: new AbortController().signal,
    ...more,
  });
}

it("prompt - the template with the inputs in their places", async () => {
  await using server = await startFakeModelServer();
  await ask(server);
  assert.deepEqual(server.requests[0]?.messages, [
    { role: "user", content: "Sum up in 20 words:\nA long story." },
  ]);
});

it("stream - pieces come as the model writes them, before the end", async () => {
  await using server = await startFakeModelServer(
    says(["\n\n", "Once ", "upon ", "a time.\n"], { gapMs: 20 }),
  );
  const pieces: { text: string; atMs: number }[] = [];
  const start = performance.now();
  const answer = await ask(server, {
    stream: readerOf((text) => void pieces.push({ text, atMs: performance.now() - start })),
  });
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ["Once ", "upon ", "a time.\n"],
  );
  assert.deepEqual(answer.outputs, { summary: "Once upon a time." });
  assert.ok((answer.timings.firstTokenMs ?? Number.NaN) < answer.timings.totalMs - 30);
  assert.ok((pieces[0]?.atMs ?? Number.NaN) < answer.timings.totalMs - 30);
});

it("stream - a reader that is slow is waited for", async () => {
  await using server = await startFakeModelServer(says(["a", "b", "c"]));
  let reading = 0;
  await ask(server, {
    stream: readerOf(async () => {
      assert.equal(++reading, 1, "one piece at a time");
      await new Promise((resolve) => setImmediate(resolve));
      reading--;
    }),
  });
});

it("stream - one that is slower than the time limit is lm_timeout", async () => {
  await using server = await startFakeModelServer(says(["a", "b", "c", "d"], { gapMs: 40 }));
  const settings = { prompt: "{{text}}", timeoutMs: 70 };
  const error = await ask(server, { settings }).catch((thrown: unknown) => thrown);
  assert.ok(isDspexError(error));
  assert.equal(error.code, "lm_timeout");
});

it("stream - a reader that fails ends the call with its error", async () => {
  await using server = await startFakeModelServer(says(["a", "b"], { gapMs: 10 }));
  await assert.rejects(
    ask(server, {
      stream: readerOf(() => {
        throw new Error("the log is full");
      }),
    }),
    /the log is full/,
  );
});

it("signature - anything but one text output is refused before a call", async () => {
  await using server = await startFakeModelServer();
  for (const text of ["q: str -> a: int", "q: str -> a: str, b: str"]) {
    await assert.rejects(ask(server, { signature: parseSignature(text) }), { code: "invalid_inputs" });
  }
  assert.equal(server.requests.length, 0);
});
