// Given work that was sent to one worker alone, when nobody has its name for a while, then the others get it, once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import type { Work } from "../../../schemas/messages/work.ts";
import { workSubject } from "../../../schemas/subjects.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import type { LogReader } from "../../log/read.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";
import { Strays } from "./strays.ts";

function given(instance = 1) {
  const log = new MemoryLog();
  log.register({
    name: "chat",
    signature: "question: str -> answer: str",
    implementations: [{ kind: "dspy", name: "predict", pool: "general", module: "Predict" }],
  });
  log.worker("started", "1");
  const first = log.ask("chat", { question: "?" }, { session: "s" });
  log.turn(first, "s", "1");
  const intake = log.ask("chat", { question: "?" }, { session: "s" });
  const order = log.decide(intake);
  const sequence = log.work(order, intake);
  const sent: { work: Work; subject: string }[] = [];
  const strays = new Strays({
    instance,
    logger: pino({ level: "silent" }),
    fold: { state: log.state, passed: async () => {} } as unknown as RouterFold,
    reader: {
      at: async (at: number) => log.messages[at - 1] ?? null,
      last: async () => log.messages.at(-1) ?? null,
    } as unknown as LogReader,
    journal: {
      work: async (work: Work, pool: string, worker: string | undefined) => {
        sent.push({ work, subject: workSubject(pool, worker) });
        log.append(workSubject(pool, worker), "dspex.work.dispatched.v1", work);
        return true;
      },
    } as unknown as Journal,
  });
  /** What was sent after it has looked for so long, each half second. */
  const looked = async (fromMs: number, toMs: number) => {
    for (let ms = fromMs; ms <= toMs; ms += 500) {
      strays.look(ms);
      await new Promise(setImmediate);
    }
    return sent;
  };
  return { log, order, sequence, looked };
}

test("work of a worker that lives - is left to it", async () => {
  const { order, looked } = given();
  assert.equal(order.worker, "1");
  assert.deepEqual(await looked(0, 60_000), []);
});

test("work of a worker that is gone - goes to the others once, as the same attempt", async () => {
  const { log, order, sequence, looked } = given();
  log.worker("lost", "1");
  assert.deepEqual(await looked(0, 2_500), [], "its successor may come");
  const [again, ...more] = await looked(3_000, 20_000);
  assert.ok(again !== undefined);
  assert.deepEqual(more, []);
  assert.equal(again.subject, workSubject("general"));
  const stored = log.messages[sequence - 1];
  assert.ok(stored !== undefined);
  const { worker, ...work } = (stored.json() as { data: Work }).data;
  assert.equal(worker, "1");
  assert.deepEqual(again.work, work);
  assert.deepEqual([again.work.attempt, again.work.worker], [order.attempt, undefined]);
  assert.equal(log.state.load.addressed.size, 0);
  assert.equal(log.state.inFlight.get("general"), 1);
});

test("a successor in time - has it, and a further router waits longer", async () => {
  const { log, looked } = given();
  log.worker("lost", "1");
  await looked(0, 2_500);
  log.worker("started", "1");
  assert.deepEqual(await looked(3_000, 20_000), []);
  const second = given(2);
  second.log.worker("lost", "1");
  assert.deepEqual(await second.looked(0, 4_500), []);
  assert.equal((await second.looked(5_000, 5_000)).length, 1);
});
