// Turns of a session through the whole system: one at a time, in the order of the log, each with what was said before,
// whichever router takes it. The model is a fake that tells what it was asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex } from "../../services/client/mod.ts";
import { startNative } from "../../services/native/main.ts";
import { defineConfig, defineProgram, native, plain } from "../../services/programs/define.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

let running = 0;
let mostRunning = 0;
const order: string[] = [];
const config = defineConfig({
  programs: [
    defineProgram("step", "text: str -> echo: str", {
      implementations: [
        native(
          "native",
          async ({ text }) => {
            running++;
            mostRunning = Math.max(mostRunning, running);
            // Others would overtake it here if anything let them.
            await new Promise((resolve) => setImmediate(resolve));
            order.push(text);
            running--;
            return { echo: text };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("chat", "question: str -> answer: str", {
      implementations: [plain("plain", { prompt: "{{question}}" })],
    }),
    defineProgram("longest", "question: str, history: History -> longest: int, turns: int", {
      implementations: [
        native(
          "native",
          ({ question, history }) => {
            const said = history.map(({ inputs }) => String(inputs.question).length);
            return { longest: Math.max(question.length, ...said), turns: history.length };
          },
          { inline: true },
        ),
      ],
    }),
    defineProgram("talk", "question: str, history: History -> answer: str", {
      implementations: [plain("plain", { prompt: "{{history}} {{question}}" })],
    }),
  ],
});

let system: TestSystem;
let sessions: Part;
let worker: Part;
let model: FakeModelServer;
let client: Dspex;

before(async () => {
  model = await startFakeModelServer(says("so it is"));
  system = await startSystem({ programs: config.declarations, functions: config.functions, routers: 2 });
  sessions = await startSessions(system.settings("sessions"));
  worker = await startNative(system.settings("native"), {
    models: { default: "fake", models: { fake: model.model() } },
    slots: 4,
  });
  client = await system.client();
});
after(async () => {
  await sessions?.stop();
  await worker?.stop();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

test("turns of one session - run one after the other, in the order in which they came", async () => {
  const session = client.session("ordered");
  const texts = Array.from({ length: 20 }, (_, n) => `turn ${n}`);
  const runs = [];
  for (const text of texts) runs.push(await session.submit("step", { text }));
  await Promise.all(runs.map((run) => run.result()));
  assert.deepEqual(order, texts);
  assert.equal(mostRunning, 1);
});

test("turns of many sessions - do not wait for each other", async () => {
  const all = Array.from({ length: 30 }, (_, n) => client.session(`s${n}`));
  const answers = await Promise.all(all.map((session, n) => session.call("step", { text: `of ${n}` })));
  assert.deepEqual(
    answers,
    all.map((_, n) => ({ echo: `of ${n}` })),
  );
});

test("a turn - is told what was said before, also by a router that took none of it", async () => {
  const session = client.session("told");
  for (const question of ["Who wrote Faust?", "When?"]) await session.call("chat", { question });
  await session.call("chat", { question: "Where?" });
  const said = JSON.stringify(model.requests.at(-1)?.messages);
  assert.match(said, /Who wrote Faust\?[\s\S]*so it is[\s\S]*When\?[\s\S]*so it is[\s\S]*Where\?/);
});

test("a program that takes a conversation - gets the session's, unless the request brings one", async () => {
  const session = client.session("talks");
  const talk = (inputs: object) => session.call("talk", inputs as never);
  await talk({ question: "Who wrote Faust?" });
  await talk({ question: "When?" });
  assert.match(lastPrompt(), /Who wrote Faust\?.*so it is.*When\?/);
  const turn = { inputs: { question: "Who wrote Emma?" }, outputs: { answer: "Austen" } };
  await talk({ question: "And when?", history: [turn] });
  assert.match(lastPrompt(), /Who wrote Emma\?/);
  await assert.rejects(client.program("talk")({ question: "Alone?" }), /history/);
});

/** The last message that the model was sent. */
function lastPrompt(): string {
  return String(model.requests.at(-1)?.messages.at(-1)?.content);
}

test("a large value - is a value again in the turns after it, for models and functions", async () => {
  const session = client.session("large");
  const large = `${"x".repeat(300_000)} the end`;
  await session.call("chat", { question: large });
  await session.call("chat", { question: "short" });
  assert.equal(model.requests.at(-1)?.messages[0]?.content, large);
  await session.call("talk", { question: "And?" } as never);
  assert.match(lastPrompt(), /x{300000} the end[\s\S]*short[\s\S]*And\?/);
  const { longest, turns } = await session.call<object, { longest: number; turns: number }>("longest", {
    question: "?",
  });
  assert.deepEqual([longest, turns], [large.length, 3]);
  const [first] = await Array.fromAsync(session.turns());
  assert.equal(first?.inputs?.question, large);
});

test("a session that was closed - is gone for whoever asks in it", async () => {
  const session = client.session("closed");
  await session.call("step", { text: "one" });
  await session.close();
  await assert.rejects(
    session.call("step", { text: "two" }),
    (error) => isDspexError(error) && error.code === "gone" && error.path === "session",
  );
});

test("a turn that fails - does not hold up the next, and is no history", async () => {
  const session = client.session("fails");
  await assert.rejects(session.call("step", { text: 5 as never }));
  assert.deepEqual(await session.call("step", { text: "after" }), { echo: "after" });
});
