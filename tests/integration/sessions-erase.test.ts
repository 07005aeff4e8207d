// Erasing a session on a real server: the bytes are looked for in the server's files.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { DspexError } from "../../schemas/errors.ts";
import { SESSION_EVENTS, type SessionErased } from "../../schemas/messages/session-event.ts";
import {
  ERASE_SETUP_SUBJECT,
  resultSubject,
  sessionEventSubject,
  VALUE_BUCKET,
} from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import type { SessionInfo } from "../../services/client/session-answers.ts";
import { ClaimCheck } from "../../services/log/claim-check.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { gather } from "../../services/sessions/erase/gather.ts";
import { tombstone } from "../../services/sessions/erase/tombstones.ts";
import { onDisk } from "../kit/on-disk.ts";
import { requestMessage, resultMessage, workMessage } from "../kit/session-log.ts";
import { eventsOf, foldSessions, SessionsStage } from "../kit/sessions-stage.ts";
import { until } from "../kit/until.ts";

let stage: SessionsStage;
before(async () => {
  stage = await SessionsStage.start();
});
after(() => stage?.[Symbol.asyncDispose]());

const code = (expected: string) => (error: unknown) => (error as DspexError).code === expected;

test("erase - the bytes are gone from the disk, the tombstones say what was, replay arrives at the same", async () => {
  const child = await stage.service(1);
  const secret = randomBytes(12).toString("hex");
  const values = await ObjectBucket.open(await stage.nats.connectAs("gateway"), stage.gateway, VALUE_BUCKET);
  const large = await new ClaimCheck(values).shrink({ text: `${secret}${"y".repeat(300_000)}` }, "ann");
  const id = await stage.turn("secret", { question: `is it ${secret}?` }, { outputs: { answer: secret } });
  const second = await stage.turn("secret", large);
  await stage.write(stage.gateway, requestMessage(id, "secret", { question: `copy ${secret}` }));
  await stage.ask("set-context", { session: "secret", context: { secret } });
  await stage.ask("close", { session: "secret", reason: secret });
  await stage.turn("open", { question: "something else" });
  assert.ok(onDisk(stage.nats.home, secret), "it is there before");
  const earlier = foldSessions(await stage.log());
  assert.equal(earlier.ended.get("ann.secret")?.turns, 2);

  const erased = await stage.ask<{ messages: number; running: number }>("erase", { session: "secret" });
  assert.ok(erased.messages >= 15, String(erased.messages));
  assert.equal(erased.running, 0);
  assert.equal(onDisk(stage.nats.home, secret), false);

  const log = await stage.log();
  const [begun, done] = eventsOf<SessionErased>(log, "secret", "erased");
  assert.ok(begun?.status === "begun" && done?.status === "done");
  assert.deepEqual(new Set(begun.results.map((one) => one.id)), new Set([id, second]));
  for (const sequence of begun.log)
    assert.equal(
      log.find((one) => one.sequence === sequence),
      undefined,
    );
  const gone = (await stage.reader.last(resultSubject(id)))?.json() as { data: { error: { code: string } } };
  assert.equal(gone.data.error.code, "gone");
  assert.deepEqual(await stage.turns("secret"), []);
  const session = await stage.ask<SessionInfo>("get", { session: "secret" });
  assert.deepEqual([session.status, session.turns, session.erasing], ["erased", 2, undefined]);
  await assert.rejects(stage.ask("open", { session: "secret" }), code("gone"));
  assert.equal((await stage.turns("open")).length, 1);

  // A process that has seen everything and one that has only what is left know the same.
  await child.kill9();
  const rebuilt = await stage.service(2);
  assert.deepEqual(await stage.ask("get", { session: "secret" }), session);
  const again = await stage.ask<{ messages: number }>("erase", { session: "secret" });
  assert.equal(again.messages, 0);
  await rebuilt.kill9();
});

test("erase - what forks were asked had the shared turns in its work: that goes, too", async () => {
  const child = await stage.service(1);
  const secret = randomBytes(12).toString("hex");
  await stage.turn("origin", { question: secret });
  await stage.ask("fork", { session: "origin", as: "first-fork" });
  await stage.ask("fork", { session: "first-fork", as: "second-fork" });
  const id = stage.nextId();
  const request = await stage.write(stage.gateway, requestMessage(id, "second-fork", { question: "mine" }));
  const { subject, body } = workMessage(id, "second-fork");
  const event = JSON.parse(body) as { data: object };
  const data = { ...event.data, history: [{ inputs: { question: secret }, outputs: {} }] };
  const work = [await stage.write(stage.router, { subject, body: JSON.stringify({ ...event, data }) })];
  const log = { request, work, failures: [] };
  await stage.write(stage.router, resultMessage(id, { session: "second-fork", log }));
  assert.equal((await stage.turns("second-fork")).length, 2);
  await stage.ask("erase", { session: "origin" });
  assert.equal(onDisk(stage.nats.home, secret), false);
  const [own, ...more] = await stage.turns("second-fork");
  assert.deepEqual([own?.turn, own?.inputs, more.length], [2, { question: "mine" }, 0]);
  await child.kill9();
});

test("erase while a request runs - what comes of it is erased when it comes", async () => {
  const child = await stage.service(1);
  const secret = randomBytes(12).toString("hex");
  await stage.turn("hasty", { question: secret });
  const id = stage.nextId();
  const request = await stage.write(stage.gateway, requestMessage(id, "hasty", { question: secret }));
  const erased = await stage.ask<{ running: number }>("erase", { session: "hasty" });
  assert.equal(erased.running, 1);
  await stage.write(
    stage.router,
    resultMessage(id, {
      session: "hasty",
      outputs: { answer: secret },
      log: { request, work: [], failures: [] },
    }),
  );
  await until(() => !onDisk(stage.nats.home, secret));
  await until(async () => (await stage.ask<SessionInfo>("get", { session: "hasty" })).erasing === undefined);
  await child.kill9();
});

test("erase that was killed after its tombstone - is finished by the next process", async () => {
  const first = await stage.service(1);
  const secret = randomBytes(12).toString("hex");
  await stage.turn("cut-short", { question: secret });
  await stage.turns("cut-short");
  await first.kill9();
  // As the killed one would have: the tombstone and nothing else.
  const connection = await stage.nats.connectAs("sessions");
  const appender = appenderOf(connection, { role: "sessions", instance: 9 });
  const session = foldSessions(await stage.log()).live.get("ann.cut-short");
  assert.ok(session !== undefined);
  const gathered = await gather(
    stage.reader,
    await ObjectBucket.open(connection, appender, VALUE_BUCKET),
    session,
    [],
  );
  const { type } = SESSION_EVENTS.erased;
  const event = cloudEvent(type, "test", "t1", new Date().toISOString(), tombstone(session, gathered, "ann"));
  await appender.append(sessionEventSubject("ann", "cut-short", "erased"), JSON.stringify(event));
  appender.close();
  assert.ok(onDisk(stage.nats.home, secret));
  const next = await stage.service(1);
  await until(() => !onDisk(stage.nats.home, secret));
  await until(async () => eventsOf(await stage.log(), "cut-short", "erased").length === 2);
  await next.kill9();
});

test("the keeper - erases what a tombstone names and nothing else", async () => {
  const child = await stage.service(1);
  const connection = await stage.nats.connectAs("sessions");
  await stage.turn("unharmed", { question: "still there?" });
  assert.equal((await stage.turns("unharmed")).length, 1);
  const asked = async (body: unknown) =>
    (await connection.request(ERASE_SETUP_SUBJECT, JSON.stringify(body))).json() as { code: string };
  assert.equal((await asked({ user: "ann", session: "unharmed" })).code, "not_found");
  assert.equal((await asked({ user: "ann" })).code, "invalid_inputs");
  assert.equal((await asked({ user: "ann", session: "unharmed", log: [1] })).code, "invalid_inputs");
  // Nor what came after the tombstone.
  const log = await stage.log();
  const tombstone = {
    user: "ann",
    session: "unharmed",
    status: "begun",
    by: "ann",
    turns: 0,
    contextVersion: 0,
  };
  const later = (log.at(-1)?.sequence ?? 0) + 2;
  const data = { ...tombstone, log: [later], values: [], results: [] };
  const event = cloudEvent(SESSION_EVENTS.erased.type, "test", "t", new Date().toISOString(), data);
  const appender = appenderOf(connection, { role: "sessions", instance: 8 });
  await child.kill9();
  await appender.append(sessionEventSubject("ann", "unharmed", "erased"), JSON.stringify(event));
  const kept = await stage.write(stage.gateway, requestMessage(stage.nextId(), undefined, { question: "?" }));
  assert.equal(kept, later);
  await asked({ user: "ann", session: "unharmed" });
  assert.notEqual(await stage.reader.at(later), null);
  appender.close();
});
