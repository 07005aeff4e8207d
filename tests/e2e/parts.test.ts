// Some parts in a process of their own, on a server that runs elsewhere: as in production, without the Python pools.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startNats } from "../kit/start-nats.ts";
import { startSystem } from "./running-system.ts";

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
