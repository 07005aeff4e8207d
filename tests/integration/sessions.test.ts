// The sessions service on a real server: what becomes of a session follows from the log alone, whatever becomes of the
// processes, and nobody but its user sees it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { DspexError } from "../../schemas/errors.ts";
import {
  SESSION_EVENTS,
  type SessionErased,
  type SessionTurnAdded,
} from "../../schemas/messages/session-event.ts";
import {
  LOG_STREAM,
  resultSubject,
  sessionEventSubject,
  snapshotBucket,
  VALUE_BUCKET,
} from "../../schemas/subjects.ts";
import { type Appender, appenderOf } from "../../services/bus/append.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import { Api } from "../../services/client/api.ts";
import { ClaimCheck } from "../../services/log/claim-check.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { LogReader } from "../../services/log/read.ts";
import { loadSnapshot, stateHash } from "../../services/log/snapshot.ts";
import { applyMessage } from "../../services/sessions/apply.ts";
import type { SessionsConfig } from "../../services/sessions/config.ts";
import { gather } from "../../services/sessions/erase/gather.ts";
import { tombstone } from "../../services/sessions/erase/tombstones.ts";
import { stateToJson } from "../../services/sessions/json.ts";
import type { TurnView } from "../../services/sessions/serve.ts";
import { initialState, SESSIONS_EVOLVE_VERSION, type SessionsState } from "../../services/sessions/state.ts";
import type { SessionView } from "../../services/sessions/views.ts";
import { type Child, startChild } from "../kit/child-process.ts";
import { type LogRecord, readLog } from "../kit/read-log.ts";
import {
  type Answered,
  failedMessage,
  requestMessage,
  resultMessage,
  type WrittenTo,
  workMessage,
} from "../kit/session-log.ts";
import type { SessionsProcessSettings } from "../kit/sessions-process.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";

const PROCESS = new URL("../kit/sessions-process.ts", import.meta.url);

let nats: TestNats;
let gateway: Appender;
let router: Appender;
let reader: LogReader;
let ann: Api;
let bob: Api;
const running: Child[] = [];
let n = 0;

before(async () => {
  nats = await startNats({ users: [{ name: "ann" }, { name: "bob" }] });
  gateway = appenderOf(await nats.connectAs("gateway"), { role: "gateway", instance: 9 });
  router = appenderOf(await nats.connectAs("router"), { role: "router", instance: 9 });
  reader = await LogReader.open(await nats.connectAs("sessions"), LOG_STREAM);
  ann = new Api(await nats.connectAs("ann"), "ann");
  bob = new Api(await nats.connectAs("bob"), "bob");
});
after(async () => {
  await Promise.allSettled(running.map((child) => child.kill9()));
  gateway.close();
  router.close();
  await nats[Symbol.asyncDispose]();
});

async function service(instance: number, config: Partial<SessionsConfig> = {}): Promise<Child> {
  const settings: SessionsProcessSettings = {
    natsUrl: nats.url,
    password: nats.login("sessions").password,
    instance,
    config,
  };
  const child = await startChild(`sessions/${instance}`, { entry: PROCESS, settings });
  running.push(child);
  return child;
}

function write(appender: Appender, { subject, body, headers = {} }: WrittenTo): Promise<number> {
  const all = createHeaders();
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return appender.append(subject, body, { headers: all });
}

/** A request and its result, with an attempt that failed before; answers the id. */
async function turn(
  session: string,
  inputs: Record<string, unknown>,
  more: Partial<Answered> & { user?: string; id?: string } = {},
): Promise<string> {
  const { user = "ann", id = `${user}.c1.${++n}`, ...answered } = more;
  const request = await write(gateway, requestMessage(id, session, inputs));
  const work = [await write(router, workMessage(id, session, 1))];
  const failures = [await write(router, failedMessage(id))];
  work.push(await write(router, workMessage(id, session, 2)));
  await write(router, resultMessage(id, { session, log: { request, work, failures }, ...answered }));
  return id;
}

const ask = async <Answer>(api: Api, verb: string, body: object): Promise<Answer> =>
  (await api.request({ verb: `session.${verb}`, body })) as Answer;
const turnsOf = async (session: string, body: object = {}, api = ann): Promise<TurnView[]> =>
  (await ask<{ turns: TurnView[] }>(api, "turns", { session, ...body })).turns;
const code = (expected: string) => (error: unknown) => (error as DspexError).code === expected;

function eventsOf(log: readonly LogRecord[], session: string, verb: string, user = "ann"): unknown[] {
  return log
    .filter(({ subject }) => subject === sessionEventSubject(user, session, verb))
    .map(({ body }) => (body as { data: unknown }).data);
}

function fold(log: readonly LogRecord[], upTo = Number.POSITIVE_INFINITY): SessionsState {
  const state = initialState();
  for (const { subject, sequence, timeMs, data, header } of log) {
    if (sequence > upTo) break;
    const json = () => JSON.parse(Buffer.from(data).toString());
    applyMessage(state, { subject, sequence, timeMs, data, header, json });
  }
  return state;
}

test("a request that names an unknown session - opens it, and becomes a turn with its contents", async () => {
  const child = await service(1);
  const id = await turn("travel", { question: "Capital of France?" }, { outputs: { answer: "Paris" } });
  await turn("travel", { question: "And of Spain?" }, { status: "failed" });
  const [first, second, ...more] = await turnsOf("travel");
  assert.ok(first !== undefined && second !== undefined && more.length === 0);
  assert.equal(first.id, id);
  assert.deepEqual(first.inputs, { question: "Capital of France?" });
  assert.deepEqual(first.outputs, { answer: "Paris" });
  assert.equal(first.log.work.length, 2);
  assert.equal(first.log.failures.length, 1);
  assert.deepEqual([second.status, second.errorCode, second.inputs], ["failed", "lm_timeout", undefined]);
  const session = await ask<SessionView>(ann, "get", { session: "travel" });
  assert.deepEqual([session.status, session.turns, session.openTurns], ["open", 2, 0]);
  assert.equal(session.performance.successRate, 0.5);
  assert.equal(session.performance.costUsd, 0.5);
  await child.kill9();
});

test("another user's session - is not there", async () => {
  const child = await service(1);
  for (const verb of ["get", "context", "turns", "fork", "close", "erase"])
    await assert.rejects(ask(bob, verb, { session: "travel" }), code("not_found"), verb);
  await assert.rejects(ask(bob, "set-context", { session: "travel", context: {} }), code("not_found"));
  assert.deepEqual(await ask(bob, "list", {}), { sessions: [] });
  // The same name is a session of its own.
  await turn("travel", { question: "mine" }, { user: "bob" });
  assert.equal((await turnsOf("travel", {}, bob)).length, 1);
  assert.equal((await turnsOf("travel")).length, 2);
  await child.kill9();
});

test("context - versions, conflicts, and at any turn", async () => {
  const child = await service(1);
  await assert.rejects(ask(ann, "context", { session: "ctx" }), code("not_found"));
  await ask(ann, "open", { session: "ctx", ttlMs: 600_000 });
  assert.deepEqual(await ask(ann, "context", { session: "ctx" }), { context: {}, version: 0 });
  const set = (context: object, expectedVersion?: number) =>
    ask(ann, "set-context", {
      session: "ctx",
      context,
      ...(expectedVersion !== undefined && { expectedVersion }),
    });
  assert.deepEqual(await set({ a: 1 }, 0), { version: 1 });
  await turn("ctx", { question: "one" });
  await assert.rejects(set({ a: 2 }, 0), code("conflict"));
  assert.deepEqual(await set({ a: 2 }, 1), { version: 2 });
  await turn("ctx", { question: "two" });
  const races = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => set({ race: i }, 2)));
  assert.equal(
    races.filter(({ status }) => status === "fulfilled").length,
    1,
    "one of those who expect the same",
  );
  assert.deepEqual(await ask(ann, "context", { session: "ctx", turn: 1 }), { context: { a: 1 }, version: 1 });
  assert.deepEqual(await ask(ann, "context", { session: "ctx", turn: 2 }), { context: { a: 2 }, version: 2 });
  assert.deepEqual(await ask(ann, "context", { session: "ctx", turn: 0 }), { context: {}, version: 0 });
  await assert.rejects(ask(ann, "context", { session: "ctx", turn: 3 }), code("invalid_inputs"));
  await assert.rejects(set({ large: "x".repeat(140_000) }), code("payload_too_large"));
  await child.kill9();
});

test("fork - shares turns and context up to a turn, and goes its own way", async () => {
  const child = await service(1);
  const fork = await ask<SessionView>(ann, "fork", { session: "ctx", at: 1, as: "branch" });
  assert.deepEqual([fork.turns, fork.contextVersion, fork.forkedFrom], [1, 1, { session: "ctx", turn: 1 }]);
  assert.deepEqual(await ask(ann, "context", { session: "branch" }), { context: { a: 1 }, version: 1 });
  await turn("branch", { question: "other two" });
  await ask(ann, "fork", { session: "branch", as: "twig" });
  await turn("twig", { question: "three" });
  const questions = async (session: string) => (await turnsOf(session)).map(({ inputs }) => inputs?.question);
  assert.deepEqual(await questions("twig"), ["one", "other two", "three"]);
  assert.deepEqual(await questions("ctx"), ["one", "two"]);
  assert.deepEqual(
    (await turnsOf("twig")).map((one) => one.turn),
    [1, 2, 3],
  );
  assert.deepEqual(await ask(ann, "context", { session: "twig", turn: 1 }), {
    context: { a: 1 },
    version: 1,
  });
  const last = eventsOf(await readLog(nats), "twig", "turn-added").at(-1) as SessionTurnAdded;
  assert.equal(last.history.length, 2);
  await assert.rejects(ask(ann, "fork", { session: "ctx", as: "twig" }), code("conflict"));
  await assert.rejects(ask(ann, "fork", { session: "ctx", at: 9 }), code("invalid_inputs"));
  await child.kill9();
});

test("close - ends it; what comes later is recorded and opens nothing", async () => {
  const child = await service(1);
  assert.equal((await ask<SessionView>(ann, "close", { session: "twig" })).status, "closed");
  assert.equal((await ask<SessionView>(ann, "close", { session: "twig" })).status, "closed");
  await assert.rejects(ask(ann, "open", { session: "twig" }), code("gone"));
  await assert.rejects(ask(ann, "set-context", { session: "twig", context: {} }), code("gone"));
  await turn("twig", { question: "too late" }, { status: "failed" });
  assert.equal((await turnsOf("twig")).length, 4, "each result is a turn, whatever its status");
  assert.equal((await ask<SessionView>(ann, "get", { session: "twig" })).status, "closed");
  await child.kill9();
});

test("reopen - where it is configured, a request or a command goes on with what was", async () => {
  const child = await service(1, { reopen: true });
  await turn("twig", { question: "again" });
  const session = await ask<SessionView>(ann, "get", { session: "twig" });
  assert.deepEqual([session.status, session.turns], ["open", 5]);
  await ask(ann, "close", { session: "branch" });
  assert.equal((await ask<SessionView>(ann, "open", { session: "branch" })).status, "open");
  assert.deepEqual(await ask(ann, "context", { session: "branch" }), { context: { a: 1 }, version: 1 });
  await child.kill9();
});

test("many results at once, two services, kill -9 in the middle - one turn each, in order", async () => {
  const children = [await service(1), await service(2)];
  const sessions = Array.from({ length: 12 }, (_, i) => `busy-${i}`);
  let isOver = false;
  const ids = new Map<string, string[]>();
  const load = (async () => {
    for (let round = 0; round < 25; round++) {
      await Promise.all(
        sessions.map(async (session) => {
          const id = await turn(session, { round });
          ids.set(session, [...(ids.get(session) ?? []), id]);
        }),
      );
    }
    isOver = true;
  })();
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await children[0]?.kill9();
    children[0] = await service(1, { snapshotEvery: 200 });
  }
  await load;
  await children[1]?.kill9();
  const last = await service(2);
  for (const session of sessions) {
    await until(async () => (await ask<SessionView>(ann, "get", { session })).turns === 25);
    const told = eventsOf(await readLog(nats), session, "turn-added") as SessionTurnAdded[];
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
  assert.equal(eventsOf(await readLog(nats), "busy-0", "opened").length, 1);
  await Promise.all([children[0]?.kill9(), last.kill9()]);
});

test("results that come while no service runs - are turns when one does", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++)
    ids.push(await turn("later", { i }, { status: i === 2 ? "cancelled" : "succeeded" }));
  const child = await service(1);
  const turns = await turnsOf("later");
  assert.deepEqual(
    turns.map(({ id }) => id),
    ids,
  );
  assert.equal(turns[2]?.status, "cancelled");
  await child.kill9();
});

test("the server is killed and comes back - nothing is lost or told twice", async () => {
  const child = await service(1);
  await turn("stormy", { i: 0 });
  await nats.kill9();
  await nats.restart();
  for (let i = 1; i < 4; i++) await turn("stormy", { i });
  await until(
    async () =>
      (await ask<SessionView>(ann, "get", { session: "stormy" }).catch(() => undefined))?.turns === 4,
  );
  assert.equal(eventsOf(await readLog(nats), "stormy", "turn-added").length, 4);
  await child.kill9();
});

test("idle time - expires by a timer; a request that still runs and one that came keep it", async () => {
  const child = await service(1, { ttlMs: 2_000 });
  await turn("short", { i: 0 });
  await ask(ann, "open", { session: "long", ttlMs: 600_000 });
  const id = `ann.c1.${++n}`;
  const request = await write(gateway, requestMessage(id, "waits", { i: 0 }));
  await until(
    async () => (await ask<SessionView>(ann, "get", { session: "short" })).status === "expired",
    8_000,
  );
  assert.equal((await ask<SessionView>(ann, "get", { session: "long" })).status, "open");
  assert.equal((await ask<SessionView>(ann, "get", { session: "waits" })).status, "open", "a turn is open");
  assert.equal((await turnsOf("short")).length, 1, "its history stays");
  await write(router, resultMessage(id, { session: "waits", log: { request, work: [], failures: [] } }));
  assert.equal((await turnsOf("waits")).length, 1);
  await until(
    async () => (await ask<SessionView>(ann, "get", { session: "waits" })).status === "expired",
    10_000,
  );
  const [expired] = eventsOf(await readLog(nats), "waits", "expired") as { idleMs: number }[];
  assert.ok((expired?.idleMs ?? 0) >= 2_000);
  await child.kill9();
});

test("too many open sessions - the one that was idle for longest has to go", async () => {
  const before = fold(await readLog(nats)).live.size;
  const child = await service(1, { maxOpen: before + 2 });
  for (let i = 0; i < 4; i++) await ask(ann, "open", { session: `bound-${i}` });
  await until(async () => fold(await readLog(nats)).live.size === before + 2);
  assert.equal((await ask<SessionView>(ann, "get", { session: "bound-3" })).status, "open");
  await child.kill9();
});

test("list - own sessions in pages, by status", async () => {
  const child = await service(1);
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page: { sessions: SessionView[]; next?: string } = await ask(ann, "list", {
      limit: 5,
      ...(after && { after }),
    });
    names.push(...page.sessions.map(({ session }) => session));
    after = page.next;
  } while (after !== undefined);
  assert.deepEqual(names, [...new Set(names)].sort());
  assert.ok(names.includes("travel") && names.includes("busy-11"));
  const { sessions } = await ask<{ sessions: SessionView[] }>(ann, "list", { status: "expired" });
  assert.ok(sessions.length >= 2 && sessions.every(({ status }) => status === "expired"));
  await assert.rejects(ask(ann, "list", { status: "asleep" }), code("invalid_inputs"));
  await child.kill9();
});

test("snapshot - the state is that of a fold from the beginning", async () => {
  const child = await service(1, { snapshotEvery: 10 });
  for (let i = 0; i < 6; i++) await turn("travel", { i });
  await turnsOf("travel");
  const connection = await nats.connectAs("sessions");
  const bucket = await ObjectBucket.open(connection, gateway, snapshotBucket("sessions"));
  await until(async () => {
    const snapshot = await loadSnapshot(bucket, SESSIONS_EVOLVE_VERSION);
    const whole = fold(await readLog(nats), snapshot?.sequence);
    return snapshot !== undefined && snapshot.hash === stateHash(stateToJson(whole)) && snapshot.sequence > n;
  });
  await child.kill9();
});

test("erase - the bytes are gone from the disk, the tombstones say what was, replay arrives at the same", async () => {
  const child = await service(1);
  const secret = randomBytes(12).toString("hex");
  const values = await ObjectBucket.open(await nats.connectAs("gateway"), gateway, VALUE_BUCKET);
  const large = await new ClaimCheck(values).shrink({ text: `${secret}${"y".repeat(300_000)}` }, "ann");
  const id = await turn("secret", { question: `is it ${secret}?` }, { outputs: { answer: secret } });
  const second = await turn("secret", large);
  await write(gateway, requestMessage(id, "secret", { question: `copy ${secret}` }));
  await ask(ann, "set-context", { session: "secret", context: { secret } });
  await ask(ann, "close", { session: "secret", reason: secret });
  await turn("open", { question: "something else" });
  assert.ok(onDisk(nats.home, secret), "it is there before");
  const earlier = fold(await readLog(nats));
  assert.equal(earlier.ended.get("ann.secret")?.turns, 2);

  const erased = await ask<{ messages: number; running: number }>(ann, "erase", { session: "secret" });
  assert.ok(erased.messages >= 15, String(erased.messages));
  assert.equal(erased.running, 0);
  assert.equal(onDisk(nats.home, secret), false);

  const log = await readLog(nats);
  const [begun, done] = eventsOf(log, "secret", "erased") as SessionErased[];
  assert.ok(begun?.status === "begun" && done?.status === "done");
  assert.deepEqual(new Set(begun.results.map((one) => one.id)), new Set([id, second]));
  for (const sequence of begun.log)
    assert.equal(
      log.find((one) => one.sequence === sequence),
      undefined,
    );
  const gone = (await reader.last(resultSubject(id)))?.json() as { data: { error: { code: string } } };
  assert.equal(gone.data.error.code, "gone");
  assert.deepEqual(await turnsOf("secret"), []);
  const session = await ask<SessionView>(ann, "get", { session: "secret" });
  assert.deepEqual([session.status, session.turns, session.erasing], ["erased", 2, undefined]);
  await assert.rejects(ask(ann, "open", { session: "secret" }), code("gone"));
  assert.equal((await turnsOf("open")).length, 1);

  // A process that has seen everything and one that has only what is left know the same.
  await child.kill9();
  const rebuilt = await service(2);
  assert.deepEqual(await ask(ann, "get", { session: "secret" }), session);
  const again = await ask<{ messages: number }>(ann, "erase", { session: "secret" });
  assert.equal(again.messages, 0);
  await rebuilt.kill9();
});

test("erase while a request runs - what comes of it is erased when it comes", async () => {
  const child = await service(1);
  const secret = randomBytes(12).toString("hex");
  await turn("hasty", { question: secret });
  const id = `ann.c1.${++n}`;
  const request = await write(gateway, requestMessage(id, "hasty", { question: secret }));
  const erased = await ask<{ running: number }>(ann, "erase", { session: "hasty" });
  assert.equal(erased.running, 1);
  await write(
    router,
    resultMessage(id, {
      session: "hasty",
      outputs: { answer: secret },
      log: { request, work: [], failures: [] },
    }),
  );
  await until(() => !onDisk(nats.home, secret));
  await until(async () => (await ask<SessionView>(ann, "get", { session: "hasty" })).erasing === undefined);
  await child.kill9();
});

test("erase that was killed after its tombstone - is finished by the next process", async () => {
  const first = await service(1);
  const secret = randomBytes(12).toString("hex");
  await turn("cut-short", { question: secret });
  await turnsOf("cut-short");
  await first.kill9();
  // As the killed one would have: the tombstone and nothing else.
  const connection = await nats.connectAs("sessions");
  const appender = appenderOf(connection, { role: "sessions", instance: 9 });
  const session = fold(await readLog(nats)).live.get("ann.cut-short");
  assert.ok(session !== undefined);
  const gathered = await gather(reader, await ObjectBucket.open(connection, appender, VALUE_BUCKET), session);
  const { type } = SESSION_EVENTS.erased;
  const event = cloudEvent(type, "test", "t1", new Date().toISOString(), tombstone(session, gathered, "ann"));
  await appender.append(sessionEventSubject("ann", "cut-short", "erased"), JSON.stringify(event));
  appender.close();
  assert.ok(onDisk(nats.home, secret));
  const next = await service(1);
  await until(() => !onDisk(nats.home, secret));
  await until(async () => eventsOf(await readLog(nats), "cut-short", "erased").length === 2);
  await next.kill9();
});

/** Whether the text is in any file of the streams. */
function onDisk(home: string, text: string): boolean {
  const folder = join(home, "nats");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith(".blk"))
    .some((file) => readFileSync(join(file.parentPath, file.name)).includes(text));
}
