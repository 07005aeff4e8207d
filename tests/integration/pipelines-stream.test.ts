// What the stages of a run write, as its reader sees it: on the real gateway, native worker and pipelines service, with a
// model server that says what the test tells it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Part } from "../../services/bus/part.ts";
import { type Dspex, pipeline, program, type StageChunk, signature } from "../../services/client/mod.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { type FakeAnswer, says } from "../kit/fake-model-server.ts";
import { Steps } from "../kit/steps.ts";
import { STORY, type StreamingStage, startStreamingStage, WORDS } from "../kit/streaming-stage.ts";

const tell = program("tell", signature("topic: str -> story: str"));
const stories = pipeline("stories", signature("topics: list[str] -> stories: list[str]"), (p) => {
  const told = p.map("told", p.inputs.topics, (topic, q) =>
    q.call("tell", tell, { topic }, { stream: true }),
  );
  return { stories: told.story };
});

let stage: StreamingStage;
let pipelines: Part;
let dspex: Dspex;
before(async () => {
  stage = await startStreamingStage();
  pipelines = await startPipelines(stage.system.settings("pipelines"));
  dspex = await stage.system.client();
});
after(async () => {
  await pipelines?.stop();
  await stage?.[Symbol.asyncDispose]();
});

function textsOf(chunks: readonly StageChunk[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { path = "", text } of chunks) texts[path] = (texts[path] ?? "") + text;
  return texts;
}

test("stream - every stage's words as they come, in order within each", async () => {
  const topics = ["rain", "snow"];
  const steps = topics.map(() => new Steps());
  const tells: FakeAnswer = (request, response) => {
    const told = topics.findIndex((topic) => JSON.stringify(request.messages).includes(topic));
    return says(WORDS, { before: (piece) => steps[told]?.pass(piece) })(request, response);
  };
  stage.model.next(tells, tells);
  const run = await dspex.pipeline(stories).run({ topics });
  const chunks: StageChunk[] = [];
  for await (const chunk of run.stream()) {
    chunks.push(chunk);
    // No further word of either story before the last one has come.
    steps[chunk.path === "told[0]" ? 0 : 1]?.next();
  }
  assert.deepEqual(textsOf(chunks), { "told[0]": STORY, "told[1]": STORY });
  assert.ok(chunks.length >= 2 * WORDS.length, `${chunks.length} chunks`);
  assert.ok(chunks.every(({ stage: name }) => name === "tell"));
  assert.deepEqual((await run.outputs()).stories, [STORY, STORY]);
});

test("stream - goes on behind any chunk, with another client", async () => {
  stage.model.next(says(WORDS), says(WORDS));
  const run = await dspex.pipeline(stories).run({ topics: ["rain", "snow"] });
  const whole = await Array.fromAsync(run.stream());
  const other = await stage.system.client();
  for (const n of [0, Math.floor(whole.length / 2), whole.length - 1]) {
    const position = whole[n]?.position ?? "";
    const rest = await Array.fromAsync(other.pipelines.get(run.id).stream({ after: position }));
    assert.deepEqual(textsOf([...whole.slice(0, n + 1), ...rest]), textsOf(whole));
  }
});

test("stream - on the command line: for a person, and lines of JSON; a pipe gets the outputs alone", async () => {
  await dspex.pipelines.register(stories);
  const line = ["pipeline", "run", "stories", 'topics:=["rain"]', "--stream"];
  const options = { home: stage.system.nats.home, variables: { NO_COLOR: "1" } };
  stage.model.next(says(WORDS));
  const shown = await runDspex(line, { ...options, isTerminal: true });
  assert.equal(shown.exitCode, 0, shown.err);
  assert.equal(shown.out, `── told[0]/tell.story\n${STORY}\n${JSON.stringify([STORY])}\n`);
  stage.model.next(says(WORDS));
  const json = await runDspex([...line, "--json"], options);
  const lines = json.out
    .trim()
    .split("\n")
    .map((one) => JSON.parse(one));
  assert.equal(lines.flatMap(({ chunk }) => chunk?.text ?? []).join(""), STORY);
  assert.deepEqual(lines.at(-1).result.outputs, { stories: [STORY] });
  stage.model.next(says(WORDS));
  assert.equal((await runDspex(line, options)).out, `${JSON.stringify([STORY])}\n`);
});
