// Application users: they come and go while the server runs, each sees itself alone, and any plain NATS client
// works for them with its default inboxes.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { type BrokerError, listUsers } from "../../services/broker/mod.ts";
import { connectBus } from "../../services/bus/connect.ts";
import { startNats } from "../kit/start-nats.ts";
import { ask, SILENCE_MS, watch } from "./probe.ts";

const nats = await startNats({ users: [{ name: "alice" }, { name: "root", admin: true }] });
after(() => nats[Symbol.asyncDispose]());

test("a new user - its first request, direct get, live result and API call get through at once", async () => {
  const [router, gateway] = await Promise.all([nats.connectAs("router"), nats.connectAs("gateway")]);
  gateway.subscribe("dspex-api.*.call.*", { callback: (_error, message) => void message.respond("answer") });
  await gateway.flush();
  for (let n = 0; n < 5; n++) {
    const name = `new-user_${n}`;
    await nats.addUser(name);
    const user = await nats.connectAs(name);
    const live = await watch(user, `dspex-live.result.${name}.c.*`);
    assert.match((await user.request(`dspex.request.${name}.answer`, "{}")).string(), /"seq":/);
    await router.request(`dspex.result.${name}.c.1`, '{"of":"it"}');
    assert.equal((await live.settle(router)).length, 1);
    const got = await user.request(`$JS.API.DIRECT.GET.DSPEX.dspex.result.${name}.c.1`);
    assert.equal(got.string(), '{"of":"it"}');
    assert.equal((await user.request(`dspex-api.${name}.call.answer`, "{}")).string(), "answer");
  }
});

test("a removed user - its connection is cut and its password refused", async () => {
  await nats.addUser("leaver");
  const { user, password } = nats.login("leaver");
  const leaver = await nats.connectAs("leaver");
  const statuses = leaver.status();
  await nats.removeUser("leaver");
  for await (const { type } of statuses) if (type === "disconnect" || type === "close") break;
  await assert.rejects(
    connectBus({ url: nats.url, user, password, name: "test", failFast: true }),
    /refused user "leaver"/,
  );
});

test("others - a user comes and goes, and their connections and pending calls stay", async () => {
  const [alice, gateway] = await Promise.all([nats.connectAs("alice"), nats.connectAs("gateway")]);
  const asked = Promise.withResolvers<() => void>();
  gateway.subscribe("dspex-api.*.submit.*", {
    callback: (_error, message) => asked.resolve(() => message.respond("late answer")),
  });
  await gateway.flush();
  const pending = alice.request("dspex-api.alice.submit.answer", "{}", { timeout: 20_000 });
  const answer = await asked.promise;
  await nats.addUser("visitor");
  await nats.removeUser("visitor");
  answer();
  assert.equal((await pending).string(), "late answer");
  assert.equal(alice.stats().inMsgs > 0, true);
});

test("default inboxes - many answers to one question arrive", async () => {
  const [alice, gateway] = await Promise.all([nats.connectAs("alice"), nats.connectAs("gateway")]);
  gateway.subscribe("dspex-api.*.chunks.>", {
    callback: (_error, message) => {
      for (let n = 0; n < 3; n++) message.respond(String(n));
    },
  });
  await gateway.flush();
  const pieces: string[] = [];
  const answers = await alice.requestMany("dspex-api.alice.chunks.alice.c.1", "", {
    strategy: "count",
    maxMessages: 3,
    maxWait: 20_000,
  });
  for await (const piece of answers) pieces.push(piece.string());
  assert.deepEqual(pieces, ["0", "1", "2"]);
});

test("administration - only accounts with that import reach it", async () => {
  const programs = await nats.connectAs("programs");
  programs.subscribe("dspex-admin.*.program.>", {
    callback: (_error, message) => void message.respond(message.subject),
  });
  await programs.flush();
  const [root, local, alice] = await Promise.all(
    ["root", "local", "alice"].map((who) => nats.connectAs(who)),
  );
  const subject = (await ask(root as never, "dspex-admin.root.program.promote")).answer?.string();
  assert.equal(subject, "dspex-admin.root.program.promote");
  assert.ok((await ask(local as never, "dspex-admin.local.program.promote")).answer);
  for (const other of ["dspex-admin.alice.program.promote", "dspex-admin.root.program.promote"]) {
    assert.equal((await ask(alice as never, other, "", {}, SILENCE_MS)).answer, undefined, other);
  }
  const others = await ask(root as never, "dspex-admin.local.program.promote", "", {}, SILENCE_MS);
  assert.equal(others.answer, undefined);
});

test("discovery - a user finds the services, an administrator also their statistics", async () => {
  const gateway = await nats.connectAs("gateway");
  gateway.subscribe("$SRV.>", { callback: (_error, message) => void message.respond("here") });
  await gateway.flush();
  const [alice, root, operator] = await Promise.all(
    ["alice", "root", "operator"].map((who) => nats.connectAs(who)),
  );
  for (const who of [alice, root, operator]) {
    assert.ok((await ask(who as never, "$SRV.PING")).answer);
    assert.ok((await ask(who as never, "$SRV.INFO.gateway")).answer);
  }
  assert.ok((await ask(root as never, "$SRV.STATS")).answer);
  assert.ok((await ask(operator as never, "$SRV.STATS")).answer);
  const statistics = await ask(alice as never, "$SRV.STATS", "", {}, SILENCE_MS);
  assert.equal(statistics.answer, undefined);
});

test("names - reserved, taken or malformed ones are refused before anything changes", async () => {
  for (const name of [
    "x",
    "log",
    "p",
    "o",
    "t",
    "shared",
    "router",
    "operator",
    "DSPEX",
    "dspex-a",
    "SYS",
    "a.b",
    "*",
    "",
  ]) {
    await assert.rejects(
      nats.addUser(name),
      (error) => (error as BrokerError).kind === "invalid-user-name",
      name,
    );
  }
  await assert.rejects(nats.addUser("ALICE"), (error) => (error as BrokerError).kind === "user-exists");
  await assert.rejects(nats.removeUser("nobody"), (error) => (error as BrokerError).kind === "unknown-user");
  assert.ok(listUsers(nats.home).some(({ name }) => name === "alice"));
});

test("files - passwords are readable by their owner alone", () => {
  for (const file of ["credentials.json", "nats/nats.conf", "nats/server.json"]) {
    assert.equal(statSync(join(nats.home, file)).mode & 0o077, 0, file);
  }
});

test("another process - adds and removes a user of the running server", async () => {
  const door = join(import.meta.dirname, "..", "..", "services", "broker", "mod.ts");
  const run = (code: string) =>
    promisify(execFile)(process.execPath, [
      "--input-type=module",
      "-e",
      `import { addUser, removeUser } from ${JSON.stringify(door)}; ${code}`,
    ]);
  const home = JSON.stringify(nats.home);
  await run(`await addUser(${home}, "remote", { admin: true });`);
  const remote = await nats.connectAs("remote");
  assert.match((await remote.request("dspex.request.remote.answer", "{}")).string(), /"seq":/);
  await run(`await removeUser(${home}, "remote");`);
  assert.equal(
    listUsers(nats.home).some(({ name }) => name === "remote"),
    false,
  );
});

test("no login - refused", async () => {
  await assert.rejects(connectBus({ url: nats.url, name: "test", failFast: true }), /refused user/);
  await assert.rejects(
    connectBus({ url: nats.url, user: "router", password: "guess", name: "test", failFast: true }),
    /refused user "router"/,
  );
});
