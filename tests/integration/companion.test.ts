// The supervisor's helper process: what becomes of it when it ends, falls silent, or cannot be started.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { pino } from "pino";
import { freePort } from "../../services/app/model-server.ts";
import { Companion } from "../../services/supervisor/companion.ts";
import { until } from "../kit/until.ts";

/** Serves its own process id on a port, as the model's server serves its health. */
const SERVER = `
  const [, port] = process.argv;
  require("node:http").createServer((_, response) => response.end(String(process.pid)))
    .listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ ready: true, baseUrl: "at " + port })));
`;
const ABSENT = `
  console.log(JSON.stringify({ ready: false, error: { code: "not_installed", message: "the model is absent" } }));
  process.exit(3);
`;

async function companion(script: string): Promise<{ companion: Companion; port: number } & AsyncDisposable> {
  const port = await freePort();
  const started = new Companion({
    name: "a helper",
    command: { executable: process.execPath, arguments: ["-e", script, String(port)], environment: {} },
    healthUrl: `http://127.0.0.1:${port}`,
    healthEveryMs: 250,
    logger: pino({ level: "silent" }),
  }).start();
  return { companion: started, port, [Symbol.asyncDispose]: () => started.stop() };
}

async function pidAt(port: number): Promise<number | undefined> {
  return fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(5_000) })
    .then(async (response) => Number(await response.text()))
    .catch(() => undefined);
}

test("a helper that is killed - is started again at its address", async () => {
  await using helper = await companion(SERVER);
  assert.equal(await helper.companion.ready, `at ${helper.port}`);
  const first = helper.companion.pid as number;
  assert.equal(await pidAt(helper.port), first);
  process.kill(first, "SIGKILL");
  await until(async () => ![undefined, first].includes(await pidAt(helper.port)));
});

test("a helper that falls silent - is killed and started again", { timeout: 60_000 }, async () => {
  await using helper = await companion(SERVER);
  await helper.companion.ready;
  const first = helper.companion.pid as number;
  process.kill(first, "SIGSTOP");
  await until(async () => ![undefined, first].includes(await pidAt(helper.port)));
});

test("a helper that is not installed - is given up with its own words", async () => {
  await using helper = await companion(ABSENT);
  await assert.rejects(helper.companion.ready, /the model is absent/);
});

test("a helper that is stopped - ends and stays ended", async () => {
  const helper = await companion(SERVER);
  await helper.companion.ready;
  await helper.companion.stop();
  assert.equal(await pidAt(helper.port), undefined);
});

test("a port that is taken - is tried again until it is free", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const helper = new Companion({
    name: "a helper",
    command: { executable: process.execPath, arguments: ["-e", SERVER, String(port)], environment: {} },
    healthUrl: `http://127.0.0.1:${port}`,
    logger: pino({ level: "silent" }),
  }).start();
  await until(() => helper.pid !== undefined);
  const first = helper.pid;
  await until(() => helper.pid !== first);
  other.close();
  assert.equal(await helper.ready, `at ${port}`);
  await helper.stop();
});
