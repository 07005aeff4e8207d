// `dspex session` against the real sessions service, with requests of this test.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Part } from "../../services/bus/part.ts";
import type { SessionInfo } from "../../services/client/mod.ts";
import { defineConfig, defineProgram, native } from "../../services/programs/define.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { runDspex } from "./run-dspex.ts";

const { declarations, functions } = defineConfig({
  programs: [
    defineProgram("shout", "text: str -> loud: str", {
      implementations: [native("quick", ({ text }) => ({ loud: text.toUpperCase() }), { inline: true })],
    }),
    defineProgram("mood", "text: str -> mood: str", {
      implementations: [
        native("careful", ({ text }) => ({ mood: text }), { inline: true }),
        native("quick", ({ text }) => ({ mood: text }), { inline: true }),
      ],
    }),
  ],
});

let system: TestSystem;
let sessions: Part;
before(async () => {
  system = await startSystem({ programs: declarations, functions, users: [{ name: "guest" }] });
  sessions = await startSessions(system.settings("sessions"));
});
after(async () => {
  await sessions?.stop();
  await system?.[Symbol.asyncDispose]();
});

const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: system.nats.home });

test("no session yet - the list says so, show that there is none", async () => {
  assert.equal((await dspex("session", "list")).out, "no sessions\n");
  const shown = await dspex("session", "show", "travel");
  assert.notEqual(shown.exitCode, 0);
  assert.match(shown.err, /no session "travel"/);
});

test("calls with --session - are turns, with how it does", async () => {
  for (const text of ["one", "two"]) {
    const { exitCode, err } = await dspex("call", "shout", `text=${text}`, "--session", "travel");
    assert.equal(exitCode, 0, err);
  }
  const { out } = await dspex("session", "turns", "travel");
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 6);
  assert.match(lines[0] ?? "", /^1 {2}\S+ {2}shout {2}quick {2}\d+ ms {2}local\./);
  assert.deepEqual(lines.slice(1, 3), ['   > {"text":"one"}', '   < {"loud":"ONE"}']);
  const info = (await dspex("session", "show", "travel", "--json")).json() as SessionInfo;
  assert.deepEqual([info.status, info.turns, info.performance.successRate], ["open", 2, 1]);
  assert.match((await dspex("session", "show", "travel")).out, /answered by {2,}quick 100 %/);
  assert.match((await dspex("session", "list")).out, /travel +open +2 turns/);
  assert.equal((await dspex("session", "list", "--user", "guest")).out, "no sessions\n");
});

test("from a program - context, fork and time travel in a few calls", async () => {
  const client = await system.client();
  const session = client.session("travel");
  assert.deepEqual(await session.call("shout", { text: "three" }), { loud: "THREE" });
  assert.equal(await session.setContext({ city: "Paris" }), 1);
  assert.equal(await session.setContext({ city: "Rome" }, { expectedVersion: 1 }), 2);
  await assert.rejects(session.setContext({}, { expectedVersion: 1 }), { code: "conflict" });
  assert.deepEqual(await session.context(), { context: { city: "Rome" }, version: 2 });
  const fork = await session.at(1).fork({ as: "other" });
  assert.deepEqual(await fork.call("shout", { text: "else" }), { loud: "ELSE" });
  const told = await Array.fromAsync(fork.turns(), ({ inputs }) => inputs?.text);
  assert.deepEqual(told, ["one", "else"]);
  assert.equal((await Array.fromAsync(session.at(2).turns())).length, 2);
  const fresh = client.session(undefined, { ttlMs: 300_000 });
  await fresh.call(client.program("shout"), { text: "hi" });
  assert.equal((await fresh.info()).ttlMs, 300_000);
  await fresh.close();
  await assert.rejects(fresh.setContext({}), { code: "gone" });
});

test("the documentation's example - does what it says", async () => {
  const client = await system.client();
  // #region use
  const session = client.session("support-17", { ttlMs: 3_600_000 });
  await session.call("shout", { text: "where is my order?" });
  await session.setContext({ customer: "Ada" });
  const { context, version } = await session.context();
  // #endregion
  assert.deepEqual([context, version], [{ customer: "Ada" }, 1]);
  await session.call("shout", { text: "and when does it come?" });
  // #region fork
  const before = session.at(1);
  const fork = await before.fork({ as: "support-17-other" });
  await fork.call("shout", { text: "what if?" });
  // #endregion
  const texts = await Array.fromAsync(fork.turns(), ({ inputs }) => inputs?.text);
  assert.deepEqual(texts, ["where is my order?", "what if?"]);
});

test("show --context --at - as it was after a turn", async () => {
  const shown = await dspex("session", "show", "travel", "--context");
  assert.deepEqual(shown.json(), { city: "Rome" });
  const before = await dspex("session", "show", "travel", "--at", "3", "--json");
  assert.deepEqual(before.json(), { context: {}, version: 0 });
});

test("fork and close - say what they did", async () => {
  const forked = await dspex("session", "fork", "travel", "--at", "1", "--as", "third", "--ttl", "30m");
  assert.equal(forked.out, "third goes on from travel, turn 1\n");
  const info = (await dspex("session", "show", "third", "--json")).json() as SessionInfo;
  assert.deepEqual([info.ttlMs, info.forkedFrom], [1_800_000, { session: "travel", turn: 1 }]);
  assert.equal((await dspex("session", "close", "third")).out, "third is closed, after 1 turns\n");
});

test("show - by program: turns, success, time and how often it stayed in place", async () => {
  const shown = await dspex("session", "show", "travel");
  assert.match(shown.out, /\nprogram +turns +succeeded +mean +same place\n *shout +3 +100 % +\d+ ms/);
});

test("erase - only with --yes; replay says what was erased and arrives at the same state", async () => {
  assert.notEqual((await dspex("session", "erase", "travel")).exitCode, 0);
  const { out } = await dspex("session", "erase", "travel", "--yes");
  assert.match(out, /^travel is erased: \d+ messages\n$/);
  assert.equal((await dspex("session", "turns", "travel")).out, "");
  const replayed = await dspex("replay", "--service", "sessions", "--json");
  assert.equal(replayed.exitCode, 0, replayed.err);
  assert.match(replayed.err, /\d+ messages of 1 session were erased/);
  const { state } = replayed.json() as { state: { ended: { session: string; status: string }[] } };
  assert.ok(state.ended.some(({ session, status }) => session === "travel" && status === "erased"));
});

test("erase --all - everything of the user, and nobody else's; replay --verify counts what is missing", async () => {
  const guest = await system.client("guest");
  const client = await system.client();
  for (const text of ["a", "b", "c", "d"]) {
    await guest.session(`of-${text}`).call("mood", { text });
    await guest.program("mood")({ text });
    await client.program("mood")({ text });
  }
  assert.notEqual((await dspex("session", "erase", "--all", "--user", "guest")).exitCode, 0);
  const both = await dspex("session", "erase", "of-a", "--all", "--yes", "--user", "guest");
  assert.match(both.err, /name one session, or say --all/);
  const { out, err } = await dspex("session", "erase", "--all", "--yes", "--user", "guest");
  assert.match(out, /^all data of guest is erased: 4 sessions, \d+ messages\n$/, err);
  const listed = (await dspex("session", "list", "--user", "guest", "--json")).json() as SessionInfo[];
  assert.deepEqual(new Set(listed.map(({ status }) => status)), new Set(["erased"]));
  for (const text of ["e", "f", "g"]) await client.program("mood")({ text });

  const verified = await dspex("replay", "--verify", "--json");
  assert.equal(verified.exitCode, 0, verified.out);
  const found = verified.json() as { verified: boolean; different: number; erasedFromLog: object };
  assert.deepEqual([found.verified, found.different], [true, 0]);
  assert.partialDeepStrictEqual(found.erasedFromLog, { sessions: 5, users: 1 });
  const told = (await dspex("replay", "--verify")).out;
  assert.match(told, /messages of 5 sessions and of all that 1 user had were erased at their users' request/);
  const state = await dspex("replay", "--service", "sessions");
  assert.equal(state.exitCode, 0, state.err);
});
