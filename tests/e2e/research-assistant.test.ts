// The research assistant as a person runs it, its whole system killed while it writes its draft: the run goes on where it
// was, and what was summarised before is not summarised again.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PipelineStep } from "../../schemas/messages/pipeline-event.ts";
import { type ChatRequest, type FakeAnswer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { processesOf, type RunningSystem, startSystem } from "./running-system.ts";

const CONFIG = fileURLToPath(new URL("./research-app/dspex.config.ts", import.meta.url));
const APP = fileURLToPath(new URL("../../examples/research-assistant/app.ts", import.meta.url));
const PIPELINE = fileURLToPath(new URL("../../examples/research-assistant/pipeline.ts", import.meta.url));

const home = mkdtempSync(join(tmpdir(), "dspex-research-"));
const started: RunningSystem[] = [];
after(async () => {
  // The last one first: whoever ends ends all that was started with this home.
  for (const system of started.reverse()) await system[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function start(): Promise<RunningSystem> {
  const system = await startSystem({ home, arguments: ["--config", CONFIG] });
  started.push(system);
  return system;
}

const isSummary = ({ messages }: ChatRequest) =>
  JSON.stringify(messages).includes("Summarize the text above");
const isDraft = ({ messages }: ChatRequest) => JSON.stringify(messages).includes("Use the notes to answer");

test("killed in the middle - goes on with the next stage, and asks nothing twice that was answered", async (t) => {
  const asked: string[] = [];
  const drafting = Promise.withResolvers<void>();
  let dies = true;
  const answer: FakeAnswer = async (request, response) => {
    if (isSummary(request)) {
      asked.push("summary");
      return says("The moon pulls the sea into two bulges.")(request, response);
    }
    if (!isDraft(request)) {
      asked.push("refine");
      return says("The moon pulls the sea.")(request, response);
    }
    asked.push("draft");
    // The first one is never answered: everything dies while it is waited for.
    if (dies) return drafting.resolve();
    return says(["The whale ", "swallows the harbour."])(request, response);
  };
  await using server = await startFakeModelServer(answer);
  process.env.DSPEX_TEST_MODEL_URL = server.baseUrl;

  const first = await start();
  const question = "question=Why are there tides twice a day?";
  const ran = await first.dspex(["pipeline", "run", PIPELINE, question, "--detach"]);
  assert.equal(ran.exitCode, 0, ran.err);
  const run = ran.out.trim();
  await drafting.promise;
  await first.end("SIGKILL");
  for (const { pid } of processesOf(home)) process.kill(pid, "SIGKILL");
  dies = false;

  const second = await start();
  const begun = performance.now();
  const shown = await second.dspex(["pipeline", "watch", run]);
  t.diagnostic(`ended ${Math.round(performance.now() - begun)} ms after the system was there again`);
  assert.equal(shown.exitCode, 0, shown.err);
  // The draft says what no note says, so it was written again.
  assert.match(shown.out, /^answer: The moon pulls the sea\.\ntitles: \["Tides",/);
  assert.match(shown.err, /path answer\[1\]/);
  assert.deepEqual(asked, ["summary", "summary", "summary", "draft", "draft", "refine"]);

  const client = await second.client();
  const events = await Array.fromAsync(client.pipelines.get(run).events());
  const steps = events.flatMap(({ data }) => (data.steps ?? []) as PipelineStep[]);
  const finished = steps
    .filter((step) => step.kind === "finished")
    .map(({ path, name }) => `${path ?? ""}/${name}`);
  assert.equal(new Set(finished).size, finished.length, "no stage finished twice");
  assert.equal(steps.filter((step) => step.kind === "started" && step.name === "summarise").length, 3);
  const analysed = await second.dspex(["pipeline", "analyze", run]);
  assert.match(analysed.out, /critical path/);

  // The application beside it, which finds its login as on a new user's machine.
  const { NATS_URL: _url, NATS_USER: _user, NATS_PASSWORD: _password, ...rest } = process.env;
  const env = { ...rest, DSPEX_HOME: home };
  const { stdout } = await promisify(execFile)(process.execPath, [APP, "Why are there tides?"], { env });
  assert.match(stdout, /^0 % started\n[\s\S]*\n100 % finished\nThe moon pulls the sea\.\n\(Tides/);
});
