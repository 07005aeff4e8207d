// The embedded nats-server: what starting, stopping, killing and starting again do to a home, its port and its data.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { resultSubject } from "../../schemas/subjects.ts";
import { type BrokerError, runningServer, startEmbeddedServer } from "../../services/broker/mod.ts";
import { startNats } from "../kit/start-nats.ts";

const kind = (expected: string) => (error: unknown) => (error as BrokerError).kind === expected;

function newHome() {
  const home = mkdtempSync(join(tmpdir(), "dspex-home-"));
  return { home, [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }) };
}

test("start and stop - the record comes and goes, the monitoring answers on loopback", async () => {
  using folder = newHome();
  const { home } = folder;
  const server = await startEmbeddedServer({ home, port: 0 });
  assert.equal(runningServer(home)?.pid, server.pid);
  assert.match(server.url, /^nats:\/\/127\.0\.0\.1:\d+$/);
  assert.equal((await fetch(`${server.monitorUrl}/healthz`)).status, 200);
  await server.stop();
  await server.stop();
  assert.equal(runningServer(home), undefined);
  assert.equal((await server.exited).code !== undefined, true);
  assert.equal(existsSync(join(home, "nats", "server.json")), false);
});

test("a port that is taken - is named", async () => {
  using folder = newHome();
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as { port: number };
  await assert.rejects(startEmbeddedServer({ home: folder.home, port }), (error) => {
    assert.ok(kind("port-in-use")(error));
    assert.match(String(error), new RegExp(`127.0.0.1:${port} is already in use`));
    return true;
  });
  listener.close();
  const server = await startEmbeddedServer({ home: folder.home, port: 0 });
  await server.stop();
});

test("a home that another runs from - is refused; a binary that is none - is named", async () => {
  using folder = newHome();
  const server = await startEmbeddedServer({ home: folder.home, port: 0 });
  await assert.rejects(startEmbeddedServer({ home: folder.home, port: 0 }), kind("home-in-use"));
  await server.stop();
  const start = startEmbeddedServer({ home: folder.home, port: 0, binary: "/does/not/exist" });
  await assert.rejects(start, /ENOENT/);
  const broken = join(folder.home, "broken");
  writeFileSync(broken, "#!/bin/sh\necho broken words >&2\nexit 3\n", { mode: 0o755 });
  await assert.rejects(startEmbeddedServer({ home: folder.home, port: 0, binary: broken }), /broken words/);
});

test("a starter that was killed - leaves a server that the next start replaces, with its data", async () => {
  using folder = newHome();
  const { home } = folder;
  const door = join(import.meta.dirname, "..", "..", "services", "broker", "mod.ts");
  const code = `import { startEmbeddedServer } from ${JSON.stringify(door)};
    await startEmbeddedServer({ home: ${JSON.stringify(home)}, port: 0 });
    console.log("ready"); setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", code]);
  await once(starter.stdout, "data");
  const left = runningServer(home);
  assert.ok(left);
  starter.kill("SIGKILL");
  await once(starter, "exit");
  assert.equal(runningServer(home)?.pid, left.pid);
  const port = Number(new URL(left.url).port);
  const server = await startEmbeddedServer({ home, port });
  assert.notEqual(server.pid, left.pid);
  assert.equal(server.url, left.url);
  await server.stop();
});

test("kill -9 - what was acknowledged is there after the restart, on the same port", async () => {
  await using nats = await startNats();
  const { url } = nats;
  const router = await nats.connectAs("router");
  for (let n = 0; n < 200; n++) await router.request(resultSubject(`local.c.${n}`), "{}");
  await nats.kill9();
  await nats.restart();
  assert.equal(nats.url, url);
  const gateway = await nats.connectAs("gateway");
  const answer = await gateway.request(`$JS.API.DIRECT.GET.DSPEX.${resultSubject("local.c.199")}`);
  assert.equal(answer.headers?.get("Nats-Sequence"), "200");
});
