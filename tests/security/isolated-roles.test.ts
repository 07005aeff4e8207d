// Pools run code that users wrote, and the operator's login is what people carry around: with the permissions of
// their role and any reply subject or header, neither may have the server write, purge or delete for them.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { inboxPrefixOf, ROLE_ROWS, type Role } from "../../services/broker/mod.ts";
import type { NatsConnection } from "../../services/bus/connect.ts";
import { startNats } from "../kit/start-nats.ts";
import { headersOf, refusedPublishes, store, watch } from "./probe.ts";

// Spelled out, so that a role cannot leave the list without a test that notices.
const ISOLATED: Role[] = ["native", "pool-general", "pool-optimizer", "pool-neural", "operator"];

const nats = await startNats({ users: [{ name: "alice" }] });
after(() => nats[Symbol.asyncDispose]());
const [setup, router, supervisor] = await Promise.all([
  nats.connectAs("setup"),
  nats.connectAs("router"),
  nats.connectAs("supervisor"),
]);
await router.request("dspex.result.alice.c.1", '{"forged":true}');

/** Subjects whose answer the server itself sends, with or without a body. */
function answeredByTheServer(role: Role): [subject: string, body: string][] {
  const reads: [string, string][] = [
    ["$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.c.1", ""],
    ["$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.no.0", ""],
    ["$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE", '{"seq":99}'],
  ];
  return ROLE_ROWS[role].pool === undefined ? reads : [...reads, ["dspex.result.alice.c.7", "{}"]];
}

const TARGETS = [
  "dspex.event.policy.updated",
  "dspex.work.general.any",
  "dspex-control.general.0",
  "dspex-live.result.alice.c.1",
  "$JS.API.STREAM.PURGE.DSPEX",
  "$JS.API.STREAM.DELETE.DSPEX",
  "$JS.API.STREAM.DELETE.DSPEX_TIMER",
  "$JS.API.STREAM.DELETE.OBJ_DSPEX_ARTIFACT",
  "$JS.API.CONSUMER.DELETE.DSPEX.work-router-requests",
  "_INBOX_supervisor.x.1",
];

/** What a pool stores in the course of its attacks, and what this test stores to wait for that. */
const OWN_WRITES = ["dspex.result.alice.c.7", "dspex.event.breaker.opened"];

async function stateOf(connection: NatsConnection) {
  const info = (await connection.request("$JS.API.STREAM.INFO.DSPEX", '{"subjects_filter":">"}')).json() as {
    state: { first_seq: number; consumer_count: number; subjects: Record<string, number> };
  };
  return info.state;
}

for (const role of ISOLATED) {
  describe(role, () => {
    test("reply subjects - nothing is written, purged or deleted", async () => {
      const connection = await nats.connectAs(role);
      const inbox = await watch(supervisor, "_INBOX_supervisor.>");
      const before = await stateOf(setup);
      for (const reply of TARGETS) {
        for (const [subject, body] of answeredByTheServer(role)) connection.publish(subject, body, { reply });
      }
      await connection.flush();
      // What was sent is in, and what the server's answers set off: two rounds.
      for (let round = 0; round < 2; round++) await router.request("dspex.event.breaker.opened", "{}");
      const after = await stateOf(setup);
      assert.equal(after.first_seq, 1);
      assert.equal(after.consumer_count, before.consumer_count);
      const written = Object.keys(after.subjects).filter((subject) => !(subject in before.subjects));
      assert.deepEqual(
        written.filter((subject) => !OWN_WRITES.includes(subject)),
        [],
      );
      for (const stream of ["DSPEX_TIMER", "OBJ_DSPEX_ARTIFACT"]) {
        assert.match((await setup.request(`$JS.API.STREAM.INFO.${stream}`)).string(), /"created"/);
      }
      assert.deepEqual(await inbox.settle(connection), []);
      inbox.stop();
    });

    test("trace destination - nothing is written there", async () => {
      const connection = await nats.connectAs(role);
      const [subject, body] = answeredByTheServer(role)[0] as [string, string];
      for (const target of TARGETS) {
        const headers = headersOf({ "Nats-Trace-Dest": target });
        connection.publish(subject, body, { headers, reply: `${inboxPrefixOf(role)}.x` });
      }
      await connection.flush();
      const { subjects } = await stateOf(setup);
      assert.equal(subjects["dspex.event.policy.updated"], undefined);
      assert.equal(subjects["dspex.work.general.any"], undefined);
    });
  });
}

test("what a pool needs crosses its account - work, acks, results, chunks, control, tools", async () => {
  const [pool, gateway, alice] = await Promise.all([
    nats.connectAs("pool-general"),
    nats.connectAs("gateway"),
    nats.connectAs("alice"),
  ]);
  const chunks = await watch(alice, "dspex-chunk.alice.>");
  const control = await watch(pool, "dspex-control.general.0");
  gateway.subscribe("dspex-tool.*.call.*", { callback: (_error, message) => void message.respond("called") });
  await gateway.flush();

  await router.request("dspex.work.general.0", '{"id":"alice.c.8"}');
  const inbox = pool.subscribe("_INBOX_pool-general.pull", { max: 1 });
  pool.publish("$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-0", '{"batch":1,"expires":2000000000}', {
    reply: "_INBOX_pool-general.pull",
  });
  const { value: work } = await inbox[Symbol.asyncIterator]().next();
  assert.equal(work.string(), '{"id":"alice.c.8"}');
  assert.match((await pool.request("dspex.result.alice.c.8", "{}")).string(), /"seq":\d+/);
  await pool.request(work.reply ?? "", "+ACK");
  const info = (await setup.request("$JS.API.CONSUMER.INFO.DSPEX.work-general-0")).json() as {
    num_ack_pending: number;
    num_pending: number;
  };
  assert.deepEqual([info.num_ack_pending, info.num_pending], [0, 0]);

  assert.match((await pool.request("dspex-chunk.alice.c.8", "text")).string(), /DSPEX_CHUNK/);
  assert.deepEqual(
    (await chunks.settle(pool)).map((message) => message.string()),
    ["text"],
  );
  assert.equal((await pool.request("dspex-tool.general.call.answer", "{}")).string(), "called");
  router.publish("dspex-control.general.0", "drain");
  assert.deepEqual(
    (await control.settle(router)).map((message) => message.string()),
    ["drain"],
  );
});

test("beats of every pool - reach router, supervisor and operator, and no other pool", async () => {
  const pools = ["native", "general", "optimizer", "neural"];
  const senders = await Promise.all(
    pools.map((pool) => nats.connectAs(pool === "native" ? pool : `pool-${pool}`)),
  );
  const listeners = await Promise.all(
    ["router", "supervisor", "operator"].map(async (role) =>
      watch(await nats.connectAs(role), "dspex-beat.*.*"),
    ),
  );
  for (const [n, sender] of senders.entries()) {
    sender.publish(`dspex-beat.${pools[n]}.0`, "{}");
    await sender.flush();
  }
  for (const listener of listeners) {
    const subjects = (await listener.settle(router)).map(({ subject }) => subject).sort();
    assert.deepEqual(subjects, pools.map((pool) => `dspex-beat.${pool}.0`).sort());
  }
});

test("a shared bucket - no header erases what others stored", async () => {
  const [pool, gateway] = await Promise.all([nats.connectAs("pool-general"), nats.connectAs("gateway")]);
  await gateway.request("$O.DSPEX_VALUE.C.of-gateway", "piece");
  for (const headers of [
    { "Nats-Rollup": "all" },
    { "Nats-TTL": "1s" },
    { "Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "$O.DSPEX_VALUE.M.x" },
  ]) {
    const { error } = await store(pool, "$O.DSPEX_VALUE.M.x", "{}", headers);
    assert.ok(error, JSON.stringify(headers));
  }
  const stored = await gateway.request("$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE.$O.DSPEX_VALUE.C.of-gateway");
  assert.equal(stored.string(), "piece");
});

test("isolated roles have no other way - the JetStream API of their account is not there", async () => {
  for (const role of ISOLATED) {
    const refused = await refusedPublishes(await nats.connectAs(role), [
      "$JS.API.INFO",
      "$JS.API.STREAM.CREATE.X",
    ]);
    assert.equal(refused.size, 2, role);
  }
});
