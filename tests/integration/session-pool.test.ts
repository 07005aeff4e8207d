// Sessions in a Python pool: what a user's module keeps between turns, large values of earlier turns, and the slot of the
// model's server. Two processes; the model is a fake that tells what it was asked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex, Session } from "../../services/client/mod.ts";
import { defineConfig, defineProgram, dspy, python } from "../../services/programs/define.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { type FakeModelServer, says, startFakeModelServer } from "../kit/fake-model-server.ts";
import { startPool, type TestPool } from "../kit/start-pool.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const inPool = (entry: string) => python("python", { pool: "general", entry });
const config = defineConfig({
  programs: [
    defineProgram("words_said", "text: str -> said: dict[str, int], made_of: int", {
      implementations: [inPool("words_said")],
    }),
    defineProgram("longest_said", "text: str, history: History -> characters: int", {
      implementations: [inPool("longest_said")],
    }),
    defineProgram("chat", "text: str -> reply: str", {
      implementations: [dspy("predict", { pool: "general", module: "Predict" })],
    }),
  ],
});

let system: TestSystem;
let sessions: Part;
let pool: TestPool;
let model: FakeModelServer;
let client: Dspex;

before(async () => {
  model = await startFakeModelServer(says('{"reply": "so it is"}'));
  system = await startSystem({
    programs: config.declarations,
    keeper: { pools: { general: { workers: 2, slots: 4 } } },
  });
  sessions = await startSessions(system.settings("sessions"));
  pool = await startPool(system.nats, {
    model: model.model({
      cacheSlots: 4,
      capabilities: { ...model.model().capabilities, responseSchema: true },
    }),
    modules: [fileURLToPath(new URL("../kit/session-modules", import.meta.url))],
    processes: 2,
  });
  client = await system.client();
});
after(async () => {
  await pool?.[Symbol.asyncDispose]();
  await sessions?.stop();
  await system?.[Symbol.asyncDispose]();
  await model?.[Symbol.asyncDispose]();
});

const say = (session: Session, text: string) =>
  session.call<{ text: string }, { said: Record<string, number>; made_of: number }>("words_said", { text });
const affinityOf = async (session: Session) => (await session.info()).performance.affinity;

test("what a module keeps - is there in the next turn, in one worker, whatever other sessions do", async () => {
  const all = Array.from({ length: 4 }, (_, n) => client.session(`warm-${n}`));
  for (const text of ["a b", "b c", "c"]) {
    const answers = await Promise.all(all.map((session) => say(session, text)));
    assert.ok(answers.every(({ made_of }) => made_of === 0));
  }
  for (const session of all) {
    assert.deepEqual((await say(session, "a")).said, { a: 2, b: 2, c: 2 });
    assert.deepEqual(await affinityOf(session), { hits: 3, of: 3, rate: 1 });
  }
});

test("a worker that is killed - another one makes it again from the turns", async () => {
  const session = client.session("cold");
  for (const text of ["a b", "b"]) await say(session, text);
  const before = pool.pids();
  for (const pid of before) process.kill(pid, "SIGKILL");
  const after = await say(session, "c");
  assert.deepEqual(after, { said: { a: 1, b: 2, c: 1 }, made_of: 2 });
  assert.deepEqual(await say(session, "c"), { said: { a: 1, b: 2, c: 2 }, made_of: 2 });
  await until(() => pool.pids().length === 2);
});

test("a large value - is a value again in the turns after it", async () => {
  const session = client.session("large");
  const large = "x".repeat(300_000);
  const longest = (text: string) => session.call("longest_said", { text } as never);
  assert.deepEqual(await longest(large), { characters: 300_000 });
  assert.deepEqual(await longest("short"), { characters: 300_000 });
  assert.deepEqual((await say(session, "short")).said, { [large]: 1, short: 2 });
});

test("a DSPy module - asks in the slot of its session, and says which", async () => {
  const session = client.session("travel");
  for (const text of ["one", "two"]) await session.call("chat", { text });
  await client.program<{ text: string }, unknown>("chat")({ text: "alone" });
  // As services/native/model-slots.test.ts has it.
  const [first, second, third] = model.requests.map((request) => request.id_slot);
  assert.deepEqual([first, second], [2, 2]);
  assert.notEqual(third, 2);
  const turns = await Array.fromAsync(session.turns());
  assert.deepEqual(
    turns.map(({ slot }) => slot),
    [2, 2],
  );
  const { programs } = (await session.info()).performance;
  assert.deepEqual(programs.chat?.affinity, { hits: 1, of: 1, rate: 1 });
});
