// `dspex call --stream` and `dspex result --stream`: live for a person, lines of JSON for a script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { StreamChunk } from "../../services/client/mod.ts";
import { fails, says } from "../kit/fake-model-server.ts";
import { Steps } from "../kit/steps.ts";
import { STORY, type StreamingStage, startStreamingStage, textOf, WORDS } from "../kit/streaming-stage.ts";
import { type RunOptions, runDspex } from "./run-dspex.ts";

let stage: StreamingStage;
before(async () => {
  stage = await startStreamingStage();
});
after(() => stage[Symbol.asyncDispose]());

function dspex(commandLine: readonly string[], options: Partial<RunOptions> = {}) {
  return runDspex(commandLine, { home: stage.system.nats.home, variables: { NO_COLOR: "1" }, ...options });
}

function lines(out: string): (StreamChunk & { outputs?: unknown; error?: unknown })[] {
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("call --stream - a person sees the text grow, and no output twice", async () => {
  stage.model.next(says(WORDS, { gapMs: 2 }));
  const { exitCode, out, err } = await dspex(["call", "tell", "topic=rain", "--stream"], {
    isTerminal: true,
  });
  assert.equal(exitCode, 0, err);
  assert.equal(out, `${STORY}\n`);
  assert.match(err, /succeeded in/);
});

test("call --stream - several outputs are named, a new beginning is said", async () => {
  stage.model.next(
    says('{"people": [], "summary": 7}'),
    says('{"people": [], "summary": "none", "since": null}'),
  );
  const { out, err } = await dspex(["call", "people", "text=x", "--stream"], { isTerminal: true });
  assert.ok(out.endsWith("people: []\nsummary: none\nsince: null\n"), out);
  assert.match(err, /starts over/);
});

test("call --stream - into a file or a pipe come the outputs alone", async () => {
  stage.model.next(says(WORDS));
  const { out } = await dspex(["call", "tell", "topic=rain", "--stream"]);
  assert.equal(out, `${STORY}\n`);
});

test("call --stream --json - a line for each piece, then the outputs; result goes on from any", async () => {
  const steps = new Steps();
  stage.model.next(says(WORDS, { before: steps.pass }));
  const { out } = await dspex(["call", "tell", "topic=rain", "--stream", "--json", "--id", "mine"], {
    onOutput: () => steps.next(),
  });
  const all = lines(out);
  const last = all.pop();
  assert.deepEqual(last, { outputs: { story: STORY } });
  assert.equal(textOf(all, "story"), STORY);
  assert.ok(all.length > WORDS.length, `${all.length} chunks`);
  const after = all[2]?.position ?? "";
  const again = await dspex(["result", "mine", "--stream", "--json", "--after", after]);
  assert.deepEqual(lines(again.out), [...all.slice(3), last]);
  const shown = await dspex(["result", "mine", "--stream"], { isTerminal: true });
  assert.equal(shown.out, `story: ${STORY}\n`);
});

test("a request that fails - ends with its error, in either form", async () => {
  stage.model.next(fails(401, "no"));
  const shown = await dspex(["call", "tell", "topic=rain", "--stream"], { isTerminal: true });
  assert.equal(shown.exitCode, 1);
  assert.match(shown.err, /lm_auth/);
  stage.model.next(fails(401, "no"));
  const { exitCode, out } = await dspex(["call", "tell", "topic=rain", "--stream", "--json"]);
  assert.equal(exitCode, 1);
  assert.match(JSON.stringify(lines(out).at(-1)), /^\{"error":\{"code":"lm_auth"/);
});

test("a position that is none - is a usage error", async () => {
  const { exitCode, out } = await dspex(["result", "mine", "--stream", "--json", "--after", "here"]);
  assert.equal(exitCode, 2);
  assert.match(out, /no position/);
});

test("Ctrl-C - cancels the request and its stream", async () => {
  stage.model.next(says(WORDS, { before: new Steps().pass }));
  const interrupt = new AbortController();
  // When the first word is there; no other one comes.
  const onOutput = () => interrupt.abort();
  const options = { isTerminal: true, interrupted: interrupt.signal, onOutput };
  const { exitCode, err } = await dspex(["call", "tell", "topic=rain", "--stream"], options);
  assert.equal(exitCode, 130);
  assert.match(err, /cancelled/);
});
