// Erasing all data of a user on a real server: the bytes are looked for in the server's files.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { DspexError } from "../../schemas/errors.ts";
import type { SessionErased } from "../../schemas/messages/session-event.ts";
import { feedbackSubject, resultSubject, VALUE_BUCKET } from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import type { SessionInfo, UserErasure } from "../../services/client/session-answers.ts";
import { ClaimCheck } from "../../services/log/claim-check.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { onDisk } from "../kit/on-disk.ts";
import { requestMessage, resultMessage, workMessage } from "../kit/session-log.ts";
import { foldSessions, SessionsStage } from "../kit/sessions-stage.ts";
import { until } from "../kit/until.ts";

let stage: SessionsStage;
before(async () => {
  stage = await SessionsStage.start();
});
after(() => stage?.[Symbol.asyncDispose]());

const isThere = (text: string) => onDisk(stage.nats.home, text);
const eraseAll = (user: string, api = stage.ann) => stage.ask<UserErasure>("erase-user", { user }, api);

/** A request outside of a session; without an answer it still runs. */
async function asked(user: string, text: string, answer?: string): Promise<{ id: string; request: number }> {
  const id = stage.nextId(user);
  const request = await stage.write(stage.gateway, requestMessage(id, undefined, { question: text }));
  if (answer !== undefined) await answered({ id, request }, text, answer);
  return { id, request };
}

async function answered({ id, request }: { id: string; request: number }, text: string, answer: string) {
  const { subject, body } = workMessage(id, undefined);
  const event = JSON.parse(body) as { data: object };
  const data = { ...event.data, inputs: { question: text } };
  const work = [await stage.write(stage.router, { subject, body: JSON.stringify({ ...event, data }) })];
  const log = { request, work, failures: [] };
  await stage.write(stage.router, resultMessage(id, { outputs: { answer }, log }));
}

test("erase all - sessions and what is outside of them is gone from the disk; others' data stays", async () => {
  const child = await stage.service(1);
  const [secret, public_] = [randomBytes(12).toString("hex"), randomBytes(12).toString("hex")];
  const gatewayBus = await stage.nats.connectAs("gateway");
  const values = await ObjectBucket.open(gatewayBus, stage.gateway, VALUE_BUCKET);
  const large = await new ClaimCheck(values).shrink({ text: `${secret}${"y".repeat(300_000)}` }, "ann");
  // Stored twice, as a second delivery of the same work would.
  await values.put(`ann/twice`, Buffer.from(`${secret}1`));
  await values.put(`ann/twice`, Buffer.from(`${secret}2`));
  await values.put(`bob/his`, Buffer.from(public_));
  for (const session of ["one", "two"]) await stage.turn(session, { question: secret });
  await stage.turn("two", large);
  await stage.turn("bobs", { question: public_ }, { user: "bob" });
  const done = await asked("ann", secret, secret);
  await asked("ann", secret, "no");
  await asked("bob", public_, public_);
  const programs = appenderOf(await stage.nats.connectAs("programs"), { role: "programs", instance: 9 });
  const judgement = { id: done.id, user: "ann", program: "answer", score: 1, comment: secret };
  const judged = cloudEvent("dspex.program.feedback.v1", "test", "f", new Date().toISOString(), judgement);
  await programs.append(feedbackSubject("answer", done.id, "j"), JSON.stringify(judged));
  programs.close();
  await stage.ask("set-context", { session: "one", context: { secret } });
  const running = await asked("ann", secret);
  assert.ok(isThere(secret));

  await assert.rejects(eraseAll("bob"), (error) => (error as DspexError).code === "not_allowed");
  await assert.rejects(eraseAll(""), (error) => (error as DspexError).code === "invalid_inputs");
  const erased = await eraseAll("ann");
  assert.deepEqual([erased.sessions, erased.running], [2, 1]);
  assert.ok(erased.messages > 20, String(erased.messages));
  assert.ok(isThere(secret), "the request that runs");
  assert.ok(isThere(public_));

  // What comes of it goes when it comes, after kills too.
  await child.kill9();
  await answered(running, secret, secret);
  const next = await stage.service(1);
  await until(() => !isThere(secret));
  assert.ok(isThere(public_));
  assert.deepEqual((await stage.turns("bobs", stage.bob)).length, 1);

  const gone = (await stage.reader.last(resultSubject(done.id)))?.json() as { data: { error: object } };
  assert.equal((gone.data.error as { code: string }).code, "gone");
  const { sessions } = await stage.ask<{ sessions: SessionInfo[] }>("list", {});
  assert.deepEqual(
    sessions.map(({ session, status }) => [session, status]),
    [
      ["one", "erased"],
      ["two", "erased"],
    ],
  );
  await until(async () => foldSessions(await stage.log()).toErase.size === 0);
  const tombstones = (await stage.log()).filter(({ subject }) => /\.user-[0-9a-f]+\.erased$/.test(subject));
  const named = tombstones.map(({ body }) => (body as { data: SessionErased }).data);
  assert.ok(named.every((one) => one.status === "done" || (one.upTo ?? 0) > 0));
  // A process that begins with what is left knows the same as the one that has seen it.
  const before = await stage.ask("list", {});
  await next.kill9();
  const rebuilt = await stage.service(2);
  assert.deepEqual(await stage.ask("list", {}), before);
  const again = await eraseAll("ann");
  assert.deepEqual(again, { sessions: 0, messages: 0, running: 0 });
  await rebuilt.kill9();
});

test("erase all, killed at any moment - is finished by the next process, and a new session stays", async () => {
  const secret = randomBytes(12).toString("hex");
  const first = await stage.service(1);
  for (let n = 0; n < 12; n++) {
    await stage.turn(`many-${n}`, { question: secret }, { user: "bob" });
    await asked("bob", secret, secret);
  }
  await stage.turns("many-11", stage.bob);
  // Nobody will answer it.
  eraseAll("bob", stage.bob).catch(() => undefined);
  await until(async () => (await stage.log()).some(({ subject }) => subject.endsWith(".erased")));
  await first.kill9();
  const next = await stage.service(1);
  await stage.turn("after", { question: "still here" }, { user: "bob" });
  await until(() => !isThere(secret));
  await until(async () => foldSessions(await stage.log()).toErase.size === 0);
  assert.deepEqual(
    (await stage.turns("after", stage.bob)).map(({ inputs }) => inputs),
    [{ question: "still here" }],
  );
  await next.kill9();
});
