// A supervisor that has nothing to supervise: an application may do without Python.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { startSupervisor } from "../../services/supervisor/main.ts";
import { startNats } from "../kit/start-nats.ts";

test("no process in any pool - is ready at once, and ends", async () => {
  await using nats = await startNats({ keeper: false });
  const settings = {
    natsUrl: nats.url,
    role: "supervisor",
    password: nats.login("supervisor").password,
    instance: 1,
    logger: pino({ level: "silent" }),
  };
  const part = await startSupervisor(settings, {
    pools: [{ pool: "general", processes: 0, spares: 0 }],
    python: "python-that-is-never-started",
    packages: nats.home,
    logFolder: nats.home,
  });
  await part.supervisor.ready;
  assert.deepEqual(part.supervisor.processes(), []);
  await part.stop();
});
