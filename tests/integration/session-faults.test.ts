// Turns of sessions over kills: kill -9 of the sessions service, a router and a pool's process in the middle of turns, and
// a worker that is gone for good with work that was sent to it alone. Nothing is lost, nothing is told twice.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { RESULT_TYPE } from "../../schemas/messages/result.ts";
import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { WORKER_EVENTS } from "../../schemas/messages/worker-event.ts";
import { beatSubject, parseLogSubject, resultSubject, workerEventSubject } from "../../schemas/subjects.ts";
import { type Appender, appenderOf } from "../../services/bus/append.ts";
import { connect, type Dspex, type SessionTurn } from "../../services/client/mod.ts";
import { defineConfig, defineProgram, python } from "../../services/programs/define.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { type LogRecord, openLog } from "../kit/read-log.ts";
import { type ProcessSystem, startProcesses } from "../kit/start-processes.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const dataOf = <Data>({ body }: LogRecord) => (body as { data: Data }).data;

describe("kill -9 in the middle of turns", () => {
  let system: ProcessSystem;
  let client: Dspex;
  before(async () => {
    system = await startProcesses({ routers: 2, poolProcesses: 2, routerAckWaitMs: 3_000 });
    const { user, password } = system.nats.login("local");
    client = await connect({ url: system.nats.url, user, password });
  });
  after(async () => {
    await client?.close();
    await system?.[Symbol.asyncDispose]();
  });

  test("of the sessions service, routers and the pool - each request is one turn, in order", async (t) => {
    const sessions = Array.from({ length: 6 }, (_, n) => client.session(`kill-${n}`));
    const keys = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}-${n}`);
    const asked = Promise.all(
      sessions.map(async (session) => {
        const runs = [];
        for (const key of keys(session.id)) runs.push(await session.submit("tally_python", { key }));
        return Promise.all(runs.map((run) => run.result()));
      }),
    );
    asked.catch(() => {}); // awaited below, after the faults
    await until(() => system.runs().length >= 4);
    for (const part of ["sessions/1", "router/1", "router/2"] as const) {
      const [name, instance] = part.split("/") as ["sessions" | "router", string];
      await system.part(part).kill9();
      const [pid] = system.poolPids();
      if (part !== "router/1" && pid !== undefined) process.kill(pid, "SIGKILL");
      await system.startPart(name, Number(instance));
    }
    const results = (await asked).flat();
    assert.ok(results.every(({ status }) => status === "succeeded"));
    for (const session of sessions) {
      const turns: SessionTurn[] = await Array.fromAsync(session.turns());
      assert.deepEqual(
        turns.map(({ turn, inputs, outputs }) => [turn, inputs?.key, outputs?.seen]),
        keys(session.id).map((key, n) => [n + 1, key, key]),
      );
    }
    const infos = await Promise.all(sessions.map((session) => session.info()));
    t.diagnostic(JSON.stringify(infos.map(({ performance }) => performance.affinity)));
    const runs = system.runs().length;
    t.diagnostic(`${runs} runs of 48 requests`);
    await using log = await openLog(system.nats);
    const added = log.records.filter(({ subject }) => subject.endsWith(".turn-added"));
    const ids = added.map((record) => dataOf<SessionTurnAdded>(record).id);
    assert.deepEqual([ids.length, new Set(ids).size], [48, 48]);
  });
});

describe("a worker that is gone for good", () => {
  const config = defineConfig({
    programs: [
      defineProgram("chat", "question: str -> answer: str", {
        implementations: [python("python", { pool: "general", entry: "chat" })],
      }),
    ],
  });
  let system: TestSystem;
  let client: Dspex;
  let log: Awaited<ReturnType<typeof openLog>>;
  let supervisor: Appender;
  let pool: Appender;
  let stopSessions: () => Promise<void>;
  let beats: NodeJS.Timeout | undefined;

  before(async () => {
    system = await startSystem({ programs: config.declarations, routers: 2 });
    stopSessions = (await startSessions(system.settings("sessions"))).stop;
    supervisor = appenderOf(await system.nats.connectAs("supervisor"), { role: "supervisor", instance: 1 });
    const connection = await system.nats.connectAs("pool-general");
    pool = appenderOf(connection, { role: "pool-general", instance: 1 });
    // Who does not beat for long counts as lost.
    const life = {
      pool: "general",
      worker: "0",
      incarnation: "a",
      slots: 2,
      busy: 0,
      rssBytes: 1,
      sequence: 1,
    };
    beats = setInterval(
      () => connection.publish(beatSubject("general", "0"), JSON.stringify(life)),
      1_000,
    ).unref();
    client = await system.client();
    log = await openLog(system.nats);
    for (const worker of ["0", "1"]) await tell("started", worker);
  });
  after(async () => {
    clearInterval(beats);
    await log?.[Symbol.asyncDispose]();
    supervisor?.close();
    pool?.close();
    await stopSessions?.();
    await system?.[Symbol.asyncDispose]();
  });

  async function tell(verb: "started" | "lost", worker: string): Promise<void> {
    const data = { pool: "general", worker, incarnation: "a", slots: 2, modules: [], gaveBack: [] };
    const event = cloudEvent(WORKER_EVENTS[verb].type, "test", randomUUID(), new Date().toISOString(), data);
    await supervisor.append(workerEventSubject(verb), JSON.stringify(event));
  }

  /** Work of a request so far: to whom it was sent, and the work. */
  const sent = (id: string) =>
    log.records.flatMap((record) => {
      const subject = parseLogSubject(record.subject);
      if (subject.kind !== "work") return [];
      const work = dataOf<Work>(record);
      return work.id === id ? [{ to: subject.worker, work, sequence: record.sequence }] : [];
    });

  /** As the pool's worker would. */
  async function answer(work: Work, sequence: number, worker: string): Promise<void> {
    const usage = { inputTokens: 1, outputTokens: 1 };
    const attempt = {
      attempt: work.attempt,
      implementation: work.implementation,
      pool: "general",
      worker,
      startedAt: new Date().toISOString(),
      durationMs: 1,
      usage,
    };
    const data = {
      ...work,
      status: "succeeded",
      outputs: { answer: `of ${worker}` },
      attempts: [...work.attempts, attempt],
      usage,
      timings: { queueMs: 0, routeMs: 0, runMs: 1, totalMs: 1 },
      log: { request: work.requestSequence, work: [...work.log.work, sequence], failures: work.log.failures },
    };
    const event = cloudEvent(RESULT_TYPE, "test", randomUUID(), new Date().toISOString(), data);
    await pool.append(resultSubject(work.id), JSON.stringify(event), { expectedLastSequence: 0 });
  }

  test("work that was sent to it - goes to the others, and there is one result", async () => {
    const session = client.session("stays");
    const first = await session.submit("chat", { question: "one" });
    await until(() => sent(first.id).length === 1);
    const [toAny] = sent(first.id);
    assert.ok(toAny !== undefined);
    assert.deepEqual([toAny.to, toAny.work.previousTurn], ["any", undefined]);
    await answer(toAny.work, toAny.sequence, "1");
    await first.result();

    const second = await session.submit("chat", { question: "two" });
    await until(() => sent(second.id).length === 1);
    const [toOne] = sent(second.id);
    assert.ok(toOne !== undefined);
    assert.deepEqual([toOne.to, toOne.work.worker, toOne.work.previousTurn], ["1", "1", first.id]);
    assert.deepEqual(toOne.work.history, [{ inputs: { question: "one" }, outputs: { answer: "of 1" } }]);

    await tell("lost", "1");
    await until(() => sent(second.id).length === 2);
    const again = sent(second.id)[1];
    assert.ok(again !== undefined);
    assert.deepEqual([again.to, again.work.attempt, again.work.worker], ["any", 1, undefined]);
    await answer(again.work, again.sequence, "0");
    assert.deepEqual((await second.result()).outputs, { answer: "of 0" });
    // The lost one comes back with an answer after all.
    await assert.rejects(answer(toOne.work, toOne.sequence, "1"));
    // Both routers had the time to send it.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(sent(second.id).length, 2);

    const third = await session.submit("chat", { question: "three" });
    await until(() => sent(third.id).length === 1);
    const [toZero] = sent(third.id);
    assert.ok(toZero !== undefined);
    assert.equal(toZero.to, "0");
    await answer(toZero.work, toZero.sequence, "0");
    await third.result();
    const { affinity } = (await session.info()).performance;
    assert.deepEqual(affinity, { hits: 1, of: 2, rate: 0.5 });
  });

  test("one that only was not heard - is told as found with its next beat, and gets its turns again", async () => {
    const session = client.session("returns");
    const first = await session.submit("chat", { question: "one" });
    await until(() => sent(first.id).length === 1);
    const [toAny] = sent(first.id);
    assert.ok(toAny !== undefined);
    await answer(toAny.work, toAny.sequence, "0");
    await first.result();

    // As a router tells it: nobody has seen how it ended. It beats each second.
    await tell("lost", "0");
    const found = () => log.records.filter(({ subject }) => subject === workerEventSubject("found"));
    await until(() => found().length > 0);
    const [event] = found();
    assert.ok(event !== undefined);
    assert.deepEqual(dataOf(event), { pool: "general", worker: "0", incarnation: "a" });

    const second = await session.submit("chat", { question: "two" });
    await until(() => sent(second.id).length === 1);
    const [toZero] = sent(second.id);
    assert.ok(toZero !== undefined);
    assert.equal(toZero.to, "0");
    await answer(toZero.work, toZero.sequence, "0");
    await second.result();
  });
});
