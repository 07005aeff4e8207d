// The keeper on the real server: opens what is there, refuses what differs, makes followers at a sequence, tells
// what is in force, and cuts the head of a full log no further than snapshots and open work allow.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  beatSubject,
  programEventSubject,
  ROUTER_REQUESTS_CONSUMER,
  resultSubject,
  snapshotBucket,
} from "../../schemas/subjects.ts";
import {
  ConfigurationDiffers,
  Keeper,
  type KeeperNotice,
  type SetupInfo,
} from "../../services/keeper/mod.ts";
import { LogAdmin } from "../../services/log/admin.ts";
import { startNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";

const MIB = 1_048_576;

describe("opening", () => {
  test("a second start - finds everything as it relies on", async () => {
    await using nats = await startNats();
    const again = await Keeper.start({ connection: await nats.connectAs("setup") });
    assert.deepEqual((await again.info()).differences, []);
    await again.stop();
  });

  test("a stream that somebody changed - is refused field by field, adopted on request", async () => {
    await using nats = await startNats();
    const connection = await nats.connectAs("setup");
    const admin = await LogAdmin.open(connection);
    await admin.updateStream("DSPEX", { discard: "old", duplicate_window: 60_000_000_000 });
    await assert.rejects(Keeper.start({ connection }), (error) => {
      assert.ok(error instanceof ConfigurationDiffers);
      assert.deepEqual(
        error.differences.map(({ of, field, expected, actual }) => [of, field, expected, actual]),
        [
          ["stream DSPEX", "discard", "new", "old"],
          ["stream DSPEX", "duplicate_window", 100_000_000, 60_000_000_000],
        ],
      );
      assert.match(error.message, /stream DSPEX: discard is "old", relied on is "new"/);
      return true;
    });
    const adopting = await Keeper.start({ connection, options: { adopt: true } });
    assert.deepEqual((await adopting.info()).differences, []);
    await adopting.stop();
  });

  test("a consumer that somebody changed - is refused, adopted on request", async () => {
    await using nats = await startNats();
    const connection = await nats.connectAs("setup");
    const admin = await LogAdmin.open(connection);
    await admin.updateConsumer("DSPEX", ROUTER_REQUESTS_CONSUMER, { ack_wait: 1_000_000_000 });
    await assert.rejects(Keeper.start({ connection }), /work-router-requests: ack_wait is 1000000000/);
    await (await Keeper.start({ connection, options: { adopt: true } })).stop();
    await (await Keeper.start({ connection })).stop();
  });

  test("a larger limit - is left as it is", async () => {
    await using nats = await startNats();
    const connection = await nats.connectAs("setup");
    const admin = await LogAdmin.open(connection);
    await admin.updateStream("DSPEX", { max_bytes: 20 * 1_024 * MIB });
    await (await Keeper.start({ connection })).stop();
    assert.equal((await admin.stream("DSPEX"))?.config.max_bytes, 20 * 1_024 * MIB);
  });

  test("other pool sizes - change what their consumers hold, and add workers", async () => {
    await using nats = await startNats({ keeper: { pools: { general: { slots: 2 } } } });
    const connection = await nats.connectAs("setup");
    const keeper = await Keeper.start({
      connection,
      options: { pools: { general: { slots: 5, workers: 3 } } },
    });
    const { consumers } = await keeper.info();
    const pending = Object.fromEntries(consumers.map(({ name, config }) => [name, config.max_ack_pending]));
    assert.deepEqual(
      ["any", "0", "1", "2"].map((worker) => pending[`work-general-${worker}`]),
      [30, 10, 10, 10],
    );
    await keeper.stop();
  });

  test("a worker that beats though the settings know fewer - gets its consumer, and the pool room for it", async () => {
    await using nats = await startNats({ keeper: false });
    const notices: KeeperNotice[] = [];
    const connection = await nats.connectAs("setup");
    const options = { pools: { general: { slots: 4, workers: 1 } } };
    const keeper = await Keeper.start({ connection, options, onNotice: (notice) => notices.push(notice) });
    const pool = await nats.connectAs("pool-general");
    const pending = async () => {
      const { consumers } = await keeper.info();
      return Object.fromEntries(consumers.map(({ name, config }) => [name, config.max_ack_pending]));
    };
    for (const worker of ["0", "2", "2", "99", "x"]) pool.publish(beatSubject("general", worker), "{}");
    await until(() => notices.length > 0);
    assert.deepEqual(notices, [{ status: "workers", pool: "general", workers: 3, configured: 1 }]);
    const made = await pending();
    assert.deepEqual(
      ["any", "0", "1", "2", "3"].map((worker) => made[`work-general-${worker}`]),
      [24, 8, 8, 8, undefined],
    );
    await keeper.stop();
    // The next one has the same settings: what is there more is no difference.
    const next = await Keeper.start({ connection, options, onNotice: (notice) => notices.push(notice) });
    assert.equal((await pending())["work-general-any"], 8);
    pool.publish(beatSubject("general", "2"), "{}");
    await until(() => notices.length > 1);
    assert.equal((await pending())["work-general-any"], 24);
    await next.stop();
  });
});

describe("in force", () => {
  test("durability - is what the server says, not what was asked for", async () => {
    await using lazy = await startNats({ syncInterval: "3s" });
    await using strict = await startNats({ syncInterval: "always" });
    const inForce = async (nats: typeof lazy) => {
      const operator = await nats.connectAs("operator");
      const info = (await operator.request("dspex-setup.info", "", { timeout: 20_000 })).json() as SetupInfo;
      return info.servers.map(({ syncAlways, syncIntervalMs }) => [syncAlways, syncIntervalMs]);
    };
    assert.deepEqual(await inForce(lazy), [[false, 3_000]]);
    assert.deepEqual(await inForce(strict), [[true, 0]]);
  });
});

describe("followers", () => {
  test("the same name again - starts at the other sequence, and two at once do not meet", async () => {
    await using nats = await startNats();
    const router = await nats.connectAs("router");
    for (let n = 0; n < 5; n++) await router.request(resultSubject(`local.c.${n}`), "{}");
    const ask = async (fromSequence: number) =>
      (
        await router.request("dspex-setup.follow.router.0", JSON.stringify({ fromSequence }), {
          timeout: 20_000,
        })
      ).json() as {
        consumer: { name: string; num_pending: number };
        firstSequence: number;
        lastSequence: number;
      };
    const first = await ask(1);
    assert.deepEqual([first.consumer.num_pending, first.firstSequence, first.lastSequence], [5, 1, 5]);
    const all = await Promise.all([2, 3, 4, 5].map(ask));
    assert.deepEqual(
      all.map(({ consumer }) => consumer.num_pending),
      [4, 3, 2, 1],
    );
  });

  test("a server that came back - makes followers anew, chunks and consumers are there", async () => {
    await using nats = await startNats();
    const setup = await nats.connectAs("setup");
    const router = await nats.connectAs("router");
    await router.request(resultSubject("local.c.1"), "{}");
    const back = Promise.all([setup, router].map(reconnected));
    await nats.kill9();
    await nats.restart();
    await back;
    const admin = await LogAdmin.open(setup);
    assert.equal((await admin.stream("DSPEX"))?.state.messages, 1);
    // The stream in memory went with the server; the keeper makes it again when it is back itself.
    await until(async () => (await admin.stream("DSPEX_CHUNK")) !== undefined);
    assert.ok(await admin.consumer("DSPEX", ROUTER_REQUESTS_CONSUMER));
  });
});

async function reconnected(
  connection: Awaited<ReturnType<Awaited<ReturnType<typeof startNats>>["connectAs"]>>,
) {
  for await (const { type } of connection.status()) if (type === "reconnect") return;
}

describe("a full log", () => {
  test("is cut where snapshots cover it and open work allows, and never without a snapshot", async () => {
    const notices: KeeperNotice[] = [];
    await using nats = await startNats({
      keeper: { logMaxBytes: MIB, snapshotServices: ["router"], checkIntervalMs: 3_600_000 },
    });
    const keeper = await Keeper.start({
      connection: await nats.connectAs("setup"),
      options: { logMaxBytes: MIB, snapshotServices: ["router"], checkIntervalMs: 3_600_000 },
      onNotice: (notice) => notices.push(notice),
    });
    const router = await nats.connectAs("router");
    const admin = await LogAdmin.open(await nats.connectAs("setup"));
    const first = async () => (await admin.stream("DSPEX"))?.state.first_seq;

    assert.equal((await keeper.checkSize()).status, "roomy");
    const body = "x".repeat(10_000);
    for (let n = 1; n <= 95; n++) await router.request(resultSubject(`local.c.${n}`), body);

    assert.deepEqual(await keeper.checkSize(), { status: "held", by: "router", at: 1 });
    assert.equal(await first(), 1);

    const bucket = snapshotBucket("router");
    const snapshot = (sequence: number) =>
      router.request(`$O.${bucket}.M.${Buffer.from(`v1/${sequence}`).toString("base64url")}`, "{}");
    await snapshot(10);
    assert.deepEqual(await keeper.checkSize(), { status: "cut", before: 11 });
    assert.equal(await first(), 11);

    await snapshot(95);
    const decision = await keeper.checkSize();
    assert.equal(decision.status, "cut");
    const fill = ((await admin.stream("DSPEX"))?.state.bytes ?? 0) / MIB;
    assert.ok(fill < 0.72 && fill > 0.65, String(fill));
    assert.deepEqual(
      notices.map(({ status }) => status),
      ["held", "cut", "cut"],
    );
    await keeper.stop();
  });

  test("the registration of a program in force - stays until it is told again", async () => {
    await using nats = await startNats({
      keeper: { logMaxBytes: MIB, snapshotServices: ["router"], checkIntervalMs: 3_600_000 },
    });
    const keeper = nats.keeper as Keeper;
    const [router, programs] = [await nats.connectAs("router"), await nats.connectAs("programs")];
    const register = (name: string) => programs.request(programEventSubject(name, "registered"), "{}");
    await register("first");
    await register("second");
    const body = "x".repeat(10_000);
    for (let n = 1; n <= 95; n++) await router.request(resultSubject(`local.c.${n}`), body);
    const name = Buffer.from("v1/97").toString("base64url");
    await router.request(`$O.${snapshotBucket("router")}.M.${name}`, "{}");

    assert.deepEqual(await keeper.checkSize(), { status: "held", by: "programs", at: 1 });
    await register("first");
    assert.deepEqual(await keeper.checkSize(), { status: "cut", before: 2 });
    await register("second");
    assert.equal((await keeper.checkSize()).status, "cut");
  });

  test("unfinished work - stays, however full the log is", async () => {
    const options = { logMaxBytes: MIB, snapshotServices: [], checkIntervalMs: 3_600_000 };
    await using nats = await startNats({ keeper: options });
    const router = await nats.connectAs("router");
    await router.request("dspex.work.general.any", "{}");
    const body = "x".repeat(10_000);
    for (let n = 1; n <= 90; n++) await router.request(resultSubject(`local.c.${n}`), body);
    assert.deepEqual(await nats.keeper?.checkSize(), { status: "held", by: "open work", at: 1 });

    const admin = await LogAdmin.open(await nats.connectAs("setup"));
    assert.equal(await admin.sequenceAt("DSPEX", new Date(Date.now() - 3_600_000)), 1);
    assert.equal(await admin.sequenceAt("DSPEX", new Date(Date.now() + 3_600_000)), 92);
  });
});
