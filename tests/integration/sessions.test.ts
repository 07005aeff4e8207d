// The sessions service on a real server: what becomes of a session follows from the log alone, whatever becomes of the
// processes, and nobody but its user sees it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DspexError } from "../../schemas/errors.ts";
import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import { LOG_STREAM, sessionEventSubject, snapshotBucket } from "../../schemas/subjects.ts";
import type { SessionInfo } from "../../services/client/session-answers.ts";
import { LogAdmin } from "../../services/log/admin.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { loadSnapshot, stateHash } from "../../services/log/snapshot.ts";
import { decodeSessionEvent } from "../../services/sessions/event.ts";
import { historyOf } from "../../services/sessions/history.ts";
import { stateToJson } from "../../services/sessions/json.ts";
import { SESSIONS_EVOLVE_VERSION } from "../../services/sessions/state.ts";
import { evolveView, initialView, type SessionsView } from "../../services/sessions/turns.ts";
import { requestMessage, resultMessage } from "../kit/session-log.ts";
import { eventsOf, foldSessions, SessionsStage } from "../kit/sessions-stage.ts";
import { until } from "../kit/until.ts";

const CONTEXT_SET = sessionEventSubject("ann", "keeps", "context-set");

let stage: SessionsStage;
before(async () => {
  stage = await SessionsStage.start();
});
after(() => stage?.[Symbol.asyncDispose]());

const code = (expected: string) => (error: unknown) => (error as DspexError).code === expected;

test("a request that names an unknown session - opens it, and becomes a turn with its contents", async () => {
  const child = await stage.service(1);
  const id = await stage.turn("travel", { question: "Capital of France?" }, { outputs: { answer: "Paris" } });
  await stage.turn("travel", { question: "And of Spain?" }, { status: "failed" });
  const [first, second, ...more] = await stage.turns("travel");
  assert.ok(first !== undefined && second !== undefined && more.length === 0);
  assert.equal(first.id, id);
  assert.deepEqual(first.inputs, { question: "Capital of France?" });
  assert.deepEqual(first.outputs, { answer: "Paris" });
  assert.equal(first.log.work.length, 2);
  assert.equal(first.log.failures.length, 1);
  assert.deepEqual([second.status, second.errorCode, second.inputs], ["failed", "lm_timeout", undefined]);
  const session = await stage.ask<SessionInfo>("get", { session: "travel" });
  assert.deepEqual([session.status, session.turns, session.openTurns], ["open", 2, 0]);
  assert.equal(session.performance.successRate, 0.5);
  assert.equal(session.performance.costUsd, 0.5);
  await child.kill9();
});

test("another user's session - is not there", async () => {
  const child = await stage.service(1);
  for (const verb of ["get", "context", "turns", "fork", "close", "erase"])
    await assert.rejects(stage.ask(verb, { session: "travel" }, stage.bob), code("not_found"), verb);
  await assert.rejects(
    stage.ask("set-context", { session: "travel", context: {} }, stage.bob),
    code("not_found"),
  );
  assert.deepEqual(await stage.ask("list", {}, stage.bob), { sessions: [] });
  // The same name is a session of its own.
  await stage.turn("travel", { question: "mine" }, { user: "bob" });
  assert.equal((await stage.turns("travel", stage.bob)).length, 1);
  assert.equal((await stage.turns("travel")).length, 2);
  await child.kill9();
});

test("context - versions, conflicts, and at any turn", async () => {
  const child = await stage.service(1);
  await assert.rejects(stage.ask("context", { session: "ctx" }), code("not_found"));
  await stage.ask("open", { session: "ctx", ttlMs: 600_000 });
  assert.deepEqual(await stage.ask("context", { session: "ctx" }), { context: {}, version: 0 });
  const set = (context: object, expectedVersion?: number) =>
    stage.ask("set-context", {
      session: "ctx",
      context,
      ...(expectedVersion !== undefined && { expectedVersion }),
    });
  assert.deepEqual(await set({ a: 1 }, 0), { version: 1 });
  await stage.turn("ctx", { question: "one" });
  await assert.rejects(set({ a: 2 }, 0), code("conflict"));
  assert.deepEqual(await set({ a: 2 }, 1), { version: 2 });
  await stage.turn("ctx", { question: "two" });
  const races = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => set({ race: i }, 2)));
  assert.equal(
    races.filter(({ status }) => status === "fulfilled").length,
    1,
    "one of those who expect the same",
  );
  assert.deepEqual(await stage.ask("context", { session: "ctx", turn: 1 }), {
    context: { a: 1 },
    version: 1,
  });
  assert.deepEqual(await stage.ask("context", { session: "ctx", turn: 2 }), {
    context: { a: 2 },
    version: 2,
  });
  assert.deepEqual(await stage.ask("context", { session: "ctx", turn: 0 }), { context: {}, version: 0 });
  await assert.rejects(stage.ask("context", { session: "ctx", turn: 3 }), code("invalid_inputs"));
  await assert.rejects(set({ large: "x".repeat(140_000) }), code("payload_too_large"));
  await child.kill9();
});

test("fork - shares turns and context up to a turn, and goes its own way", async () => {
  const child = await stage.service(1);
  const fork = await stage.ask<SessionInfo>("fork", { session: "ctx", at: 1, as: "branch" });
  assert.deepEqual([fork.turns, fork.contextVersion, fork.forkedFrom], [1, 1, { session: "ctx", turn: 1 }]);
  assert.deepEqual(await stage.ask("context", { session: "branch" }), { context: { a: 1 }, version: 1 });
  await stage.turn("branch", { question: "other two" });
  await stage.ask("fork", { session: "branch", as: "twig" });
  await stage.turn("twig", { question: "three" });
  const questions = async (session: string) =>
    (await stage.turns(session)).map(({ inputs }) => inputs?.question);
  assert.deepEqual(await questions("twig"), ["one", "other two", "three"]);
  assert.deepEqual(await questions("ctx"), ["one", "two"]);
  assert.deepEqual(
    (await stage.turns("twig")).map((one) => one.turn),
    [1, 2, 3],
  );
  assert.deepEqual(await stage.ask("context", { session: "twig", turn: 1 }), {
    context: { a: 1 },
    version: 1,
  });
  const last = eventsOf(await stage.log(), "twig", "turn-added").at(-1) as SessionTurnAdded;
  assert.equal(last.history.length, 2);
  await assert.rejects(stage.ask("fork", { session: "ctx", as: "twig" }), code("conflict"));
  await assert.rejects(stage.ask("fork", { session: "ctx", at: 9 }), code("invalid_inputs"));
  await child.kill9();
});

test("close - ends it; what comes later is recorded and opens nothing", async () => {
  const child = await stage.service(1);
  assert.equal((await stage.ask<SessionInfo>("close", { session: "twig" })).status, "closed");
  assert.equal((await stage.ask<SessionInfo>("close", { session: "twig" })).status, "closed");
  await assert.rejects(stage.ask("open", { session: "twig" }), code("gone"));
  await assert.rejects(stage.ask("set-context", { session: "twig", context: {} }), code("gone"));
  await stage.turn("twig", { question: "too late" }, { status: "failed" });
  assert.equal((await stage.turns("twig")).length, 4, "each result is a turn, whatever its status");
  assert.equal((await stage.ask<SessionInfo>("get", { session: "twig" })).status, "closed");
  await child.kill9();
});

test("reopen - where it is configured, a request or a command goes on with what was", async () => {
  const child = await stage.service(1, { reopen: true });
  await stage.turn("twig", { question: "again" });
  const session = await stage.ask<SessionInfo>("get", { session: "twig" });
  assert.deepEqual([session.status, session.turns], ["open", 5]);
  await stage.ask("close", { session: "branch" });
  assert.equal((await stage.ask<SessionInfo>("open", { session: "branch" })).status, "open");
  assert.deepEqual(await stage.ask("context", { session: "branch" }), { context: { a: 1 }, version: 1 });
  await child.kill9();
});

test("many results at once, two services, kill -9 in the middle - one turn each, in order", async () => {
  const children = [await stage.service(1), await stage.service(2)];
  const sessions = Array.from({ length: 12 }, (_, i) => `busy-${i}`);
  let isOver = false;
  const ids = new Map<string, string[]>();
  const load = (async () => {
    for (let round = 0; round < 25; round++) {
      await Promise.all(
        sessions.map(async (session) => {
          const id = await stage.turn(session, { round });
          ids.set(session, [...(ids.get(session) ?? []), id]);
        }),
      );
    }
    isOver = true;
  })();
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await children[0]?.kill9();
    children[0] = await stage.service(1, { snapshotEvery: 200 });
  }
  await load;
  await children[1]?.kill9();
  const last = await stage.service(2);
  for (const session of sessions) {
    await until(async () => (await stage.ask<SessionInfo>("get", { session })).turns === 25);
    const told = eventsOf<SessionTurnAdded>(await stage.log(), session, "turn-added");
    assert.deepEqual(
      told.map(({ id }) => id),
      ids.get(session),
      session,
    );
    assert.deepEqual(
      told.map((one) => one.turn),
      told.map((_, i) => i + 1),
    );
  }
  assert.equal(eventsOf(await stage.log(), "busy-0", "opened").length, 1);
  await Promise.all([children[0]?.kill9(), last.kill9()]);
});

test("results that come while no service runs - are turns when one does", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++)
    ids.push(await stage.turn("later", { i }, { status: i === 2 ? "cancelled" : "succeeded" }));
  const child = await stage.service(1);
  const turns = await stage.turns("later");
  assert.deepEqual(
    turns.map(({ id }) => id),
    ids,
  );
  assert.equal(turns[2]?.status, "cancelled");
  await child.kill9();
});

test("the server is killed and comes back - nothing is lost or told twice", async () => {
  const child = await stage.service(1);
  await stage.turn("stormy", { i: 0 });
  await stage.nats.kill9();
  await stage.nats.restart();
  for (let i = 1; i < 4; i++) await stage.turn("stormy", { i });
  await until(
    async () =>
      (await stage.ask<SessionInfo>("get", { session: "stormy" }).catch(() => undefined))?.turns === 4,
  );
  assert.equal(eventsOf(await stage.log(), "stormy", "turn-added").length, 4);
  await child.kill9();
});

test("idle time - expires by a timer; a request that still runs and one that came keep it", async () => {
  const child = await stage.service(1, { ttlMs: 2_000 });
  await stage.turn("short", { i: 0 });
  await stage.ask("open", { session: "long", ttlMs: 600_000 });
  const id = stage.nextId();
  const request = await stage.write(stage.gateway, requestMessage(id, "waits", { i: 0 }));
  await until(async () => (await stage.ask<SessionInfo>("get", { session: "short" })).status === "expired");
  assert.equal((await stage.ask<SessionInfo>("get", { session: "long" })).status, "open");
  assert.equal((await stage.ask<SessionInfo>("get", { session: "waits" })).status, "open", "a turn is open");
  assert.equal((await stage.turns("short")).length, 1, "its history stays");
  await stage.write(
    stage.router,
    resultMessage(id, { session: "waits", log: { request, work: [], failures: [] } }),
  );
  assert.equal((await stage.turns("waits")).length, 1);
  await until(async () => (await stage.ask<SessionInfo>("get", { session: "waits" })).status === "expired");
  const [expired] = eventsOf(await stage.log(), "waits", "expired") as { idleMs: number }[];
  assert.ok((expired?.idleMs ?? 0) >= 2_000);
  await child.kill9();
});

test("too many open sessions - the one that was idle for longest has to go", async () => {
  const before = foldSessions(await stage.log()).live.size;
  const child = await stage.service(1, { maxOpen: before + 2 });
  for (let i = 0; i < 4; i++) await stage.ask("open", { session: `bound-${i}` });
  await until(async () => foldSessions(await stage.log()).live.size === before + 2);
  assert.equal((await stage.ask<SessionInfo>("get", { session: "bound-3" })).status, "open");
  await child.kill9();
});

test("list - own sessions in pages, by status", async () => {
  const child = await stage.service(1);
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page: { sessions: SessionInfo[]; next?: string } = await stage.ask("list", {
      limit: 5,
      ...(after && { after }),
    });
    names.push(...page.sessions.map(({ session }) => session));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(names, [...new Set(names)].sort());
  assert.ok(names.includes("travel") && names.includes("busy-11"));
  const { sessions } = await stage.ask<{ sessions: SessionInfo[] }>("list", { status: "expired" });
  assert.ok(sessions.length >= 2 && sessions.every(({ status }) => status === "expired"));
  await assert.rejects(stage.ask("list", { status: "asleep" }), code("invalid_inputs"));
  await child.kill9();
});

test("snapshot - the state is that of a fold from the beginning", async () => {
  const child = await stage.service(1, { snapshotEvery: 10 });
  const before = (await stage.log()).at(-1)?.sequence ?? 0;
  for (let i = 0; i < 6; i++) await stage.turn("travel", { i });
  await stage.turns("travel");
  const connection = await stage.nats.connectAs("sessions");
  const bucket = await ObjectBucket.open(connection, stage.gateway, snapshotBucket("sessions"));
  await until(async () => {
    const snapshot = await loadSnapshot(bucket, SESSIONS_EVOLVE_VERSION);
    const whole = foldSessions(await stage.log(), snapshot?.sequence);
    return (
      snapshot !== undefined && snapshot.hash === stateHash(stateToJson(whole)) && snapshot.sequence > before
    );
  });
  await child.kill9();
});

test("history - the newest turns that succeeded, within bounds, from the log alone or from what passed by", async () => {
  const child = await stage.service(1);
  for (let i = 1; i <= 6; i++) {
    const status = i === 3 ? "failed" : "succeeded";
    await stage.turn("told", { i }, { status, outputs: { text: "x".repeat(i === 1 ? 3_000 : 10) } });
  }
  await stage.turns("told");
  const named = { user: "ann", session: "told" };
  const bounds = { historyTurns: 32, historyBytes: 131_072 };
  const numbers = async (view: SessionsView, more: Partial<typeof bounds> = {}, of = named) =>
    (await historyOf(view, stage.reader, of, { ...bounds, ...more })).turns.map(({ inputs }) => inputs.i);
  const passedBy = initialView();
  for (const message of await stage.log()) {
    const event = decodeSessionEvent({ ...message, json: () => message.body });
    if (event !== undefined) evolveView(passedBy, event);
  }
  for (const view of [initialView(), passedBy]) {
    assert.deepEqual(await numbers(view), [1, 2, 4, 5, 6]);
    assert.deepEqual(await numbers(view, { historyTurns: 2 }), [5, 6]);
    assert.deepEqual(await numbers(view, { historyBytes: 1_000 }), [2, 4, 5, 6], "the first is too large");
    assert.deepEqual(await numbers(view, { historyTurns: 0 }), []);
    assert.deepEqual(await numbers(view, {}, { ...named, session: "never" }), []);
    assert.deepEqual(await numbers(view, {}, { ...named, user: "bob" }), []);
  }
  await stage.ask("fork", { session: "told", at: 5, as: "told-on" });
  const forked = { user: "ann", session: "told-on" };
  assert.deepEqual(await numbers(initialView(), {}, forked), [1, 2, 4, 5]);
  await child.kill9();
});

test("context that the log is about to forget - is told again, with the same version", async () => {
  const child = await stage.service(1, { retellEveryMs: 100 });
  await stage.ask("open", { session: "keeps" });
  await stage.ask("set-context", { session: "keeps", context: { kept: true } });
  for (let i = 0; i < 40; i++) await stage.turn("passes", { i });
  const told = async () => (await stage.log()).filter(({ subject }) => subject === CONTEXT_SET);
  const [first] = await told();
  assert.ok(first !== undefined);
  const admin = await LogAdmin.open(await stage.nats.connectAs("setup"));
  await admin.cutBefore(LOG_STREAM, first.sequence);
  await until(async () => (await told()).length === 2);
  await admin.cutBefore(LOG_STREAM, first.sequence + 1);
  const kept = { context: { kept: true }, version: 1 };
  assert.deepEqual(await stage.ask("context", { session: "keeps" }), kept);
  await child.kill9();
  const rebuilt = await stage.service(1);
  assert.deepEqual(await stage.ask("context", { session: "keeps" }), kept);
  await rebuilt.kill9();
});
