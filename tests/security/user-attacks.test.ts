// What an application user could once do to the log, to the parts and to another user by headers, replies and
// consumers: each attack is tried on the real server and must change nothing. A user may publish anything within its
// own account; what counts is what comes out of it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NatsConnection } from "../../services/bus/connect.ts";
import { startNats } from "../kit/start-nats.ts";
import { ask, headersOf, SILENCE_MS, store, watch } from "./probe.ts";

const nats = await startNats({ users: [{ name: "alice" }, { name: "bob" }] });
after(() => nats[Symbol.asyncDispose]());

let alice: NatsConnection;
let bob: NatsConnection;
let operator: NatsConnection;
let router: NatsConnection;
let setup: NatsConnection;

const EVENT = "dspex.event.policy.updated";
const BOBS_RESULT = "dspex.result.bob.c.1";

before(async () => {
  alice = await nats.connectAs("alice");
  bob = await nats.connectAs("bob");
  operator = await nats.connectAs("operator");
  router = await nats.connectAs("router");
  setup = await nats.connectAs("setup");
  await router.request(BOBS_RESULT, '{"answer":"of bob"}');
  await bob.request("dspex.request.bob.answer", '{"question":"of bob"}');
});

interface StreamState {
  messages: number;
  first_seq: number;
  last_seq: number;
  consumer_count: number;
}

async function streamState(stream = "DSPEX"): Promise<StreamState> {
  const info = (await setup.request(`$JS.API.STREAM.INFO.${stream}`)).json() as { state: StreamState };
  return info.state;
}

async function lastOf(subject: string): Promise<string | undefined> {
  const answer = await operator.request(`$JS.API.DIRECT.GET.DSPEX.${subject}`);
  return answer.headers?.code === 404 ? undefined : answer.string();
}

const inTheFuture = (ms: number): string => `@at ${new Date(Date.now() + ms).toISOString()}`;

/** Returns once the log holds what was sent before, and what the server's answers to that set off: two rounds. */
async function allStored(): Promise<void> {
  for (let round = 0; round < 2; round++) await router.request("dspex.event.breaker.opened", "{}");
}
const ROUNDS_STORED = 2;

/** Runs an attack and shows that the log, its consumers and bob's result are what they were. */
async function changesNothing(attack: () => Promise<unknown>): Promise<void> {
  await allStored();
  const [log, timers] = await Promise.all([streamState(), streamState("DSPEX_TIMER")]);
  await attack();
  await alice.flush();
  await allStored();
  const [logAfter, timersAfter] = await Promise.all([streamState(), streamState("DSPEX_TIMER")]);
  logAfter.messages -= ROUNDS_STORED;
  logAfter.last_seq -= ROUNDS_STORED;
  for (const field of ["messages", "first_seq", "last_seq", "consumer_count"] as const) {
    assert.equal(logAfter[field], log[field], `${field} of the log`);
    assert.equal(timersAfter[field], timers[field], `${field} of the timers`);
  }
  assert.equal(await lastOf(EVENT), undefined);
  assert.equal(await lastOf(BOBS_RESULT), '{"answer":"of bob"}');
}

describe("headers of a request", () => {
  const refused: [what: string, headers: Record<string, string>, errorCode: number][] = [
    ["rollup of the whole log", { "Nats-Rollup": "all" }, 10_111],
    ["rollup of a subject", { "Nats-Rollup": "sub" }, 10_111],
    [
      "schedule that writes a policy event",
      {
        "Nats-Schedule": inTheFuture(-10_000),
        "Nats-Schedule-Target": EVENT,
      },
      10_188,
    ],
    [
      "schedule that reads another's result",
      {
        "Nats-Schedule": inTheFuture(-10_000),
        "Nats-Schedule-Target": "dspex.request.alice.copy",
        "Nats-Schedule-Source": BOBS_RESULT,
      },
      10_188,
    ],
    [
      "schedule that overwrites another's result",
      {
        "Nats-Schedule": inTheFuture(-10_000),
        "Nats-Schedule-Target": BOBS_RESULT,
        "Nats-Schedule-Rollup": "sub",
      },
      10_188,
    ],
    ["atomic batch", { "Nats-Batch-Id": "b1", "Nats-Batch-Sequence": "1" }, 10_174],
    ["time to live", { "Nats-TTL": "1s" }, 10_166],
    ["counter", { "Nats-Incr": "1" }, 10_168],
  ];
  for (const [what, headers, errorCode] of refused) {
    test(`${what} - refused (${errorCode})`, () =>
      changesNothing(async () => {
        const { error } = await store(alice, "dspex.request.alice.answer", "{}", headers);
        assert.equal(error?.err_code, errorCode);
      }));
  }

  test("fifty open batches - another user's requests are stored meanwhile", () =>
    Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        ask(
          alice,
          "dspex.request.alice.answer",
          "{}",
          { "Nats-Batch-Id": `b${n}`, "Nats-Batch-Sequence": "1" },
          SILENCE_MS,
        ),
      ),
    ).then(async () => {
      assert.ok((await store(bob, "dspex.request.bob.answer", "{}")).seq);
    }));

  test("fast ingest - refused (10205)", async () => {
    const answers = await watch(alice, "_INBOX.batch.>");
    await changesNothing(async () => {
      // <inbox>.<batch>.<flow>.<gap mode>.<sequence>.<operation>.$FI
      alice.publish("dspex.request.alice.answer", "{}", { reply: "_INBOX.batch.b1.10.fail.1.0.$FI" });
    });
    const [answer] = await answers.settle(alice);
    assert.match(answer?.string() ?? "", /"err_code":10205/);
    answers.stop();
  });

  test("forged client information - the server writes its own", () =>
    changesNothing(async () => {
      for (const information of [
        '{"acc":"DSPEX"}',
        '{"acc":"DSPEX","svc":"DSPEX"}',
        '{"acc":"SYS","svc":"SYS"}',
      ]) {
        const headers = { "Nats-Request-Info": information };
        for (const subject of [
          "$JS.API.STREAM.DELETE.DSPEX",
          "$JS.API.STREAM.PURGE.DSPEX",
          "$JS.API.STREAM.NAMES",
        ]) {
          const { answer } = await ask(alice, subject, "", headers);
          assert.match(answer?.string() ?? "", /JetStream not enabled for account/);
        }
      }
    }));

  test("message id of another's request - no longer than 100 ms", async () => {
    const id = { "Nats-Msg-Id": "bobs-next-id" };
    await ask(alice, "dspex.request.alice.answer", "{}", id);
    const own = await store(bob, "dspex.request.bob.answer", '{"without":"message id"}');
    assert.equal(own.duplicate, undefined);
    const config = (await setup.request("$JS.API.STREAM.INFO.DSPEX")).json() as {
      config: { duplicate_window: number };
    };
    assert.equal(config.config.duplicate_window, 100_000_000);
  });

  test("expected last sequence of another's subject - tells a number and nothing else (not closed)", () =>
    changesNothing(async () => {
      const { error } = await store(alice, "dspex.request.alice.answer", "{}", {
        "Nats-Expected-Last-Subject-Sequence": "0",
        "Nats-Expected-Last-Subject-Sequence-Subject": BOBS_RESULT,
      });
      assert.equal(error?.err_code, 10_071);
      assert.match(error?.description ?? "", /^wrong last sequence: \d+$/);
    }));

  test("trace destination - nothing is written there", async () => {
    const all = await watch(bob, ">");
    for (const destination of [EVENT, "dspex-live.result.bob.c.1", "dspex.request.bob.answer"]) {
      const headers = headersOf({ "Nats-Trace-Dest": destination });
      alice.publish("dspex.request.alice.answer", "{}", { headers });
    }
    await allStored();
    assert.equal(await lastOf(EVENT), undefined);
    assert.deepEqual(await all.settle(alice), []);
    all.stop();
  });
});

describe("replies", () => {
  test("reply = a policy event - the server's answers do not land in the log", async () => {
    for (const subject of ["dspex.request.alice.answer", "$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.c.1"]) {
      alice.publish(subject, "", { reply: EVENT });
    }
    await alice.flush();
    await allStored();
    assert.equal(await lastOf(EVENT), undefined);
  });

  test("reply = a request of the JetStream API - log, timers and consumers stay", async () => {
    const { consumer_count } = await streamState();
    for (const reply of [
      "$JS.API.STREAM.PURGE.DSPEX",
      "$JS.API.STREAM.DELETE.DSPEX",
      "$JS.API.STREAM.DELETE.DSPEX_TIMER",
      "$JS.API.CONSUMER.DELETE.DSPEX.work-router-requests",
    ]) {
      alice.publish("$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.no.0", "", { reply });
      alice.publish("dspex.request.alice.answer", "", { reply });
    }
    await alice.flush();
    await allStored();
    assert.equal((await streamState()).first_seq, 1);
    assert.equal((await streamState()).consumer_count, consumer_count);
    await streamState("DSPEX_TIMER");
  });

  test("reply = an acknowledgement of another's work - refused", () =>
    changesNothing(async () => {
      const status = alice.status()[Symbol.asyncIterator]();
      alice.publish("$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.no.0", "", {
        reply: "$JS.ACK.DSPEX.work-router-requests.1.1.1.1.0",
      });
      const { value } = await status.next();
      assert.match(String(value?.error), /Permissions Violation for Publish with Reply/);
    }));

  test("reply = another user's live result, chunks, inbox or call - nothing arrives", async () => {
    const all = await watch(bob, ">");
    for (const reply of ["dspex-live.result.bob.c.1", "dspex-chunk.bob.c.1", "_INBOX.bob", "_R_.x.y"]) {
      alice.publish("dspex.request.alice.answer", "{}", { reply });
      alice.publish("$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.c.1", "", { reply });
    }
    await alice.flush();
    await allStored();
    assert.deepEqual(await all.settle(alice), []);
    all.stop();
  });
});

describe("subjects of others", () => {
  const unreachable = [
    "dspex.request.bob.answer",
    "dspex.request.*.answer",
    "dspex.request.alice",
    "dspex.work.general.any",
    "dspex.result.alice.c.9",
    BOBS_RESULT,
    EVENT,
    "dspex.event.request.cancel-requested",
    "dspex.event.attempt.failed",
    "dspex-timer.retry.k",
    "dspex-schedule.retry.k",
    "dspex-chunk.alice.c.1",
    "dspex-live.result.bob.c.1",
    "dspex-beat.general.0",
    "dspex-control.general.0",
    "dspex-tool.general.call.answer",
    "dspex-pool.general.modules",
    "dspex-setup.follow.router.0",
    "dspex-setup.info",
    "dspex-server.jetstream",
    "dspex-api.bob.call.answer",
    "dspex-admin.alice.program.promote",
    "dspex-admin.bob.program.promote",
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.DSPEX",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.MSG.GET.DSPEX",
    "$JS.API.STREAM.PURGE.DSPEX",
    "$JS.API.STREAM.DELETE.DSPEX",
    "$JS.API.DIRECT.GET.DSPEX",
    `$JS.API.DIRECT.GET.DSPEX.${BOBS_RESULT}`,
    "$JS.API.DIRECT.GET.DSPEX.dspex.result.*.c.1",
    "$JS.API.DIRECT.GET.DSPEX.dspex.result.>",
    "$JS.API.DIRECT.GET.DSPEX.dspex.request.bob.answer",
    "$JS.API.DIRECT.GET.OBJ_DSPEX_VALUE",
    "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-router-requests",
    "$JS.API.CONSUMER.DELETE.DSPEX.work-router-requests",
    "$JS.API.CONSUMER.INFO.DSPEX.work-router-requests",
    "$JS.API.CONSUMER.CREATE.DSPEX",
    "$JS.API.CONSUMER.CREATE.DSPEX.mine.dspex.result.alice.>",
    "$JS.ACK.DSPEX.work-router-requests.1.1.1.1.0",
    "$O.DSPEX_VALUE.M.x",
    "$SRV.STATS",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.SERVER.PING.JSZ",
  ];
  for (const subject of unreachable) {
    test(`${subject} - nobody there`, () =>
      changesNothing(async () => {
        const { answer, failure } = await ask(alice, subject, "{}", {}, SILENCE_MS);
        // Where the API of JetStream is asked, one's own account answers that it has none.
        const nobody = answer?.string() ?? failure ?? "";
        assert.match(nobody, /^no responders|^timeout$|JetStream not enabled for account/);
      }));
  }

  test("a consumer that pushes to another's live result - cannot be made", () =>
    changesNothing(async () => {
      const config = {
        deliver_subject: "dspex-live.result.bob.c.1",
        filter_subject: "dspex.request.alice.>",
      };
      for (const subject of ["$JS.API.CONSUMER.CREATE.DSPEX", "$JS.API.CONSUMER.CREATE.DSPEX.mine"]) {
        const { answer } = await ask(
          alice,
          subject,
          JSON.stringify({ stream_name: "DSPEX", config: { ...config, name: "mine" } }),
        );
        assert.match(answer?.string() ?? "", /JetStream not enabled for account/);
      }
    }));

  test("direct get of one's own results with a body - reads nothing else", async () => {
    for (const body of [
      { seq: 1 },
      { seq: 1, batch: 10 },
      { last_by_subj: BOBS_RESULT },
      { next_by_subj: "dspex.result.>", seq: 1 },
      { multi_last: ["dspex.result.>"] },
    ]) {
      const { answer } = await ask(
        alice,
        "$JS.API.DIRECT.GET.DSPEX.dspex.result.alice.c.1",
        JSON.stringify(body),
      );
      assert.equal(answer?.headers?.code, 408, JSON.stringify(body));
    }
  });

  test("subscribing to everything - only one's own arrives", async () => {
    const all = await watch(alice, ">");
    await bob.request("dspex.request.bob.answer", "{}");
    await router.request("dspex.result.bob.c.2", "{}");
    const pool = await nats.connectAs("pool-general");
    await pool.request("dspex-chunk.bob.c.2", "secret");
    await pool.request("dspex-chunk.alice.c.2", "mine");
    await router.request("dspex.result.alice.c.2", "{}");
    const subjects = (await all.settle(router)).map((message) => message.subject).sort();
    assert.deepEqual(subjects, ["dspex-chunk.alice.c.2", "dspex-live.result.alice.c.2"]);
    all.stop();
  });

  test("forged live result or chunk in one's own account - stays there", async () => {
    const [bobs, gateways] = await Promise.all([
      watch(bob, ">"),
      watch(await nats.connectAs("gateway"), "dspex-chunk.>"),
    ]);
    for (const subject of ["dspex-live.result.bob.c.1", "dspex-chunk.bob.c.1", "dspex-chunk.alice.c.1"]) {
      alice.publish(subject, "forged");
    }
    assert.deepEqual(await bobs.settle(alice), []);
    assert.deepEqual(await gateways.settle(alice), []);
  });
});

test("a request without a reply and with headers of its own is still stored", async () => {
  alice.publish("dspex.request.alice.own", "{}", { headers: headersOf({ "Dspex-Id": "order-42" }) });
  await alice.flush();
  await allStored();
  assert.equal(await lastOf("dspex.request.alice.own"), "{}");
});
