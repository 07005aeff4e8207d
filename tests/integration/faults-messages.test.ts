// What gets lost, comes twice or comes late between the parts and a server that goes on: each way has its own test, on
// a network that loses what the test says.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "../../services/bus/connect.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { startGateway } from "../../services/gateway/main.ts";
import { startRouter } from "../../services/router/main.ts";
import config, { runs } from "../kit/functions.config.ts";
import { NatsProxy } from "../kit/nats-proxy.ts";
import { type LogRecord, readLog } from "../kit/read-log.ts";
import { setRouterAckWait } from "../kit/router-ack-wait.ts";
import { routersPending } from "../kit/routers-pending.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

const ACK_WAIT_MS = 1_500;
const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));
const { functions, declarations: programs } = config;

function clientAt(url: string, { nats }: TestSystem): Promise<Dspex> {
  const { user, password } = nats.login("local");
  return connect({ url, user, password, failFast: true });
}

const isLive = (subject: string) => subject.startsWith("dspex-live.");

describe("a lost live copy", () => {
  let system: TestSystem;
  let proxy: NatsProxy;
  let client: Dspex;
  before(async () => {
    system = await startSystem({ programs, functions, configPath });
    proxy = await NatsProxy.start(system.nats.url);
    client = await clientAt(proxy.url, system);
  });
  after(async () => {
    await client.close();
    await proxy[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
  });

  test("a lost live copy - is made up for by a look into the log", async () => {
    proxy.loseReceived = isLive;
    const before = proxy.lost;
    assert.deepEqual(await client.program("echo")({ text: "lost" }), { echo: "lost" });
    assert.equal(proxy.lost, before + 1);
    proxy.heal();
  });

  test("a lost live copy - with the server killed at that moment: the look comes after the reconnection", async () => {
    proxy.loseReceived = isLive;
    const before = proxy.lost;
    const answer = client.program("echo")({ text: "killed" });
    await until(() => proxy.lost === before + 1);
    await system.nats.kill9();
    proxy.heal();
    await system.nats.restart();
    assert.deepEqual(await answer, { echo: "killed" });
  });

  test("a lost live copy - of a call by the gateway reaches the caller all the same", async (t) => {
    const settings = { ...system.settings("gateway", 2), natsUrl: proxy.url };
    const gateway = await startGateway(settings);
    t.after(() => gateway.stop());
    // Both gateways share the calls: those that this one gets lose their live copies.
    proxy.loseReceived = isLive;
    const connection = await system.nats.connectAs("local");
    await isServed(connection);
    const before = proxy.lost;
    for (let n = 0; n < 20 && proxy.lost === before; n++) {
      const answer = await connection.request("dspex-api.local.call.echo", '{"text":"by the gateway"}', {
        timeout: 20_000,
      });
      assert.deepEqual(answer.json(), { echo: "by the gateway" });
    }
    assert.ok(proxy.lost > before);
    proxy.heal();
  });
});

/** After a restart of the server the parts come back one after the other. */
function isServed(connection: NatsConnection): Promise<void> {
  const call = () => connection.request("dspex-api.local.call.echo", '{"text":"x"}', { timeout: 2_000 });
  return until(() =>
    call().then(
      () => true,
      () => false,
    ),
  );
}

describe("redelivery", () => {
  let system: TestSystem;
  let proxy: NatsProxy;
  let client: Dspex;
  const routers: { stop(): Promise<void> }[] = [];
  before(async () => {
    system = await startSystem({ programs, functions, configPath, routers: 0 });
    await setRouterAckWait(system.nats, ACK_WAIT_MS);
    proxy = await NatsProxy.start(system.nats.url);
    for (const instance of [1, 2]) {
      const settings = { ...system.settings("router", instance), natsUrl: proxy.url };
      routers.push(
        await startRouter(settings, { functions, configPath, config: { ackWaitMs: ACK_WAIT_MS } }),
      );
    }
    client = await system.client();
  });
  after(async () => {
    await Promise.all(routers.map((router) => router.stop()));
    await proxy[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
  });

  test("redelivery - of what is finished, its acknowledgement lost, runs nothing", async () => {
    proxy.loseSent = (subject) => subject.startsWith("$JS.ACK.");
    const keys = Array.from({ length: 20 }, (_, n) => `unacknowledged-${n}`);
    await Promise.all(keys.map((key) => client.program("count")({ key })));
    const before = proxy.lost;
    // Each comes again, to either router, and its acknowledgement is lost once more.
    await until(() => proxy.lost >= before + keys.length);
    assert.equal(await routersPending(system.nats), keys.length);
    proxy.heal();
    await until(async () => (await routersPending(system.nats)) === 0);
    assert.deepEqual(
      keys.map((key) => runs.get(key)),
      keys.map(() => 1),
    );
  });

  test("redelivery - of a failure whose next step is taken takes no other", async () => {
    proxy.loseSent = (subject) => subject.startsWith("$JS.ACK.");
    const run = await client.program("fallback").submit({ text: "x" });
    const result = await run.result();
    const before = proxy.lost;
    await until(() => proxy.lost > before);
    proxy.heal();
    await until(async () => (await routersPending(system.nats)) === 0);
    assert.equal(result.attempts.length, 2);
    assert.equal(of(await readLog(system.nats), run.id, "dspex.event.attempt.failed").length, 1);
  });

  test("redelivery - of a failure that was stored twice sends its work once", async () => {
    const run = await client.program("waits").submit({ text: "x" });
    await until(async () => (await workOf(system, run.id)).length === 1);
    const [work] = await workOf(system, run.id);
    const { plan, requestSequence } = (work as { body: { data: { plan: unknown; requestSequence: number } } })
      .body.data;
    const failed = {
      specversion: "1.0",
      id: "failed-1",
      source: "general/0",
      type: "dspex.attempt.failed.v1",
      data: {
        id: run.id,
        attempt: 1,
        implementation: "predict",
        pool: "general",
        worker: "0",
        error: { code: "lm_timeout", message: "late", retryable: true },
        startedAt: new Date().toISOString(),
        durationMs: 1,
        plan,
        requestSequence,
        workSequence: work?.sequence,
      },
    };
    const pool = await system.nats.connectAs("pool-general");
    for (let n = 0; n < 2; n++) pool.publish("dspex.event.attempt.failed", JSON.stringify(failed));
    await until(async () => (await workOf(system, run.id)).length > 1);
    await until(async () => (await routersPending(system.nats)) === 0);
    assert.equal((await workOf(system, run.id)).length, 2);
    await run.cancel();
  });

  test("work - whose acknowledgement is lost with the connection is in the log once", async () => {
    proxy.loseReceived = (subject) => subject.startsWith("_INBOX_router.ack-");
    const run = await client.program("waits").submit({ text: "x" });
    await until(() => proxy.lost > 0 && workOf(system, run.id).then((work) => work.length > 0));
    proxy.heal();
    proxy.cut();
    await until(async () => (await routersPending(system.nats)) === 0);
    assert.equal((await workOf(system, run.id)).length, 1);
    await run.cancel();
  });
});

async function workOf({ nats }: TestSystem, id: string): Promise<LogRecord[]> {
  return of(await readLog(nats), id, "dspex.work.");
}

function of(records: readonly LogRecord[], id: string, prefix: string): LogRecord[] {
  return records.filter(
    ({ subject, body }) =>
      subject.startsWith(prefix) && (body as { data?: { id?: string } } | undefined)?.data?.id === id,
  );
}
