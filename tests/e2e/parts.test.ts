// Some parts in a process of their own, on a server that runs elsewhere: as in production, without the Python pools.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startNats } from "../kit/start-nats.ts";
import { BIN, startSystem } from "./running-system.ts";

test("dspex up --parts --nats-url - two processes with some parts each serve together", async () => {
  await using nats = await startNats({ keeper: false });
  const start = (parts: string) =>
    startSystem({ home: nats.home, arguments: ["--nats-url", nats.url, "--parts", parts] });
  await using keeper = await start("keeper,programs");
  await using routers = await start("router,gateway");
  assert.equal(routers.url, nats.url);
  assert.equal((await routers.dspex(["call", "shout", "text=parts"])).out, "PARTS\n");
  const stopped = await Promise.all([routers.end("SIGTERM"), keeper.end("SIGHUP")]);
  assert.deepEqual(
    stopped.map(({ exitCode }) => exitCode),
    [0, 0],
  );
});

test("dspex up --parts - names what is no part", async () => {
  await using nats = await startNats({ keeper: false });
  await assert.rejects(
    startSystem({ home: nats.home, arguments: ["--nats-url", nats.url, "--parts", "router,kitchen"] }),
    /no part "kitchen"; there are keeper, supervisor, programs, router, native, gateway, learning/,
  );
});

test("dspex up - whose server is gone, or was never there, ends all the same when it is told to", async () => {
  await using nats = await startNats();
  const gone = async () => {
    await using parts = await startSystem({
      home: nats.home,
      arguments: ["--nats-url", nats.url, "--parts", "programs,router,gateway,supervisor"],
    });
    await nats.kill9();
    return parts.end("SIGTERM");
  };
  const neverThere = async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const flags = ["--nats-url", `nats://127.0.0.1:${port}`, "--parts", "router"];
    // A home of its own: who ends the other one ends all that runs from it.
    const home = mkdtempSync(join(tmpdir(), "dspex-e2e-"));
    const env = { ...process.env, DSPEX_HOME: home };
    const child = spawn(process.execPath, [BIN, "up", ...flags], { env, stdio: "ignore" });
    const [socket] = await once(silent, "connection");
    child.kill("SIGTERM");
    const [exitCode] = await once(child, "exit");
    socket.destroy();
    silent.close();
    rmSync(home, { recursive: true, force: true });
    return { exitCode };
  };
  const ended = await Promise.all([gone(), neverThere()]);
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 1],
  );
});
