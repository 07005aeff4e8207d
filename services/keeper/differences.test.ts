import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConsumerConfig, StreamConfig } from "../log/admin.ts";
import { keeperSettings } from "./config.ts";
import { desiredConsumers } from "./consumers.ts";
import { consumerDifferences, streamDifferences } from "./differences.ts";
import { type DesiredStream, desiredStreams } from "./streams.ts";

const settings = keeperSettings.parse({});
const log = desiredStreams(settings)[0] as DesiredStream;
const requests = desiredConsumers(settings)[0] as ReturnType<typeof desiredConsumers>[number];

const liveStream = (changes: object = {}) => ({ ...log, ...changes }) as unknown as StreamConfig;
const liveConsumer = (changes: object = {}) =>
  ({ ...requests.config, ...changes }) as unknown as ConsumerConfig;
const fields = (differences: readonly { field: string }[]) => differences.map(({ field }) => field);

describe("a stream", () => {
  test("as wanted - no difference, also where the server leaves out what is off", () => {
    assert.deepEqual(streamDifferences(log, liveStream()), []);
    const { allow_rollup_hdrs, allow_msg_ttl, no_ack, ...rest } = liveStream();
    assert.deepEqual(streamDifferences(log, rest as StreamConfig), []);
  });

  test("subjects in another order - no difference; one less - a difference with both values", () => {
    const subjects = [...(log.subjects ?? [])].reverse();
    assert.deepEqual(streamDifferences(log, liveStream({ subjects })), []);
    const [difference] = streamDifferences(log, liveStream({ subjects: subjects.slice(1) }));
    assert.equal(difference?.of, "stream DSPEX");
    assert.deepEqual(difference?.expected, log.subjects);
    assert.deepEqual(difference?.actual, subjects.slice(1));
  });

  test("more room than wanted - fine; less - a difference", () => {
    for (const more of [{ max_bytes: -1 }, { max_bytes: 1e15 }, { max_age: 0 }, { num_replicas: 3 }]) {
      assert.deepEqual(streamDifferences(log, liveStream(more)), []);
    }
    assert.deepEqual(fields(streamDifferences(log, liveStream({ max_bytes: 1_000, max_age: 1 }))), [
      "max_age",
      "max_bytes",
    ]);
  });

  for (const change of [
    { allow_rollup_hdrs: true },
    { allow_msg_ttl: true },
    { allow_msg_schedules: true },
    { allow_atomic: true },
    { allow_batched: true },
    { allow_msg_counter: true },
    { discard: "old" },
    { retention: "interest" },
    { storage: "memory" },
    { allow_direct: false },
    { no_ack: true },
    { sealed: true },
    { duplicate_window: 120_000_000_000 },
    { republish: { src: ">", dest: "all.>" } },
    { republish: undefined },
    { max_msgs_per_subject: 1 },
    { max_msgs: 10 },
  ]) {
    test(`${JSON.stringify(change)} - a difference`, () => {
      assert.deepEqual(fields(streamDifferences(log, liveStream(change))), Object.keys(change));
    });
  }

  test("a description - is for people", () => {
    assert.deepEqual(streamDifferences(log, liveStream({ description: "ours" })), []);
  });
});

describe("a consumer", () => {
  test("one filter in either spelling - no difference", () => {
    assert.deepEqual(consumerDifferences(requests, liveConsumer()), []);
    const [filter_subject] = requests.config.filter_subjects;
    assert.deepEqual(
      consumerDifferences(requests, liveConsumer({ filter_subjects: undefined, filter_subject })),
      [],
    );
  });

  for (const change of [
    { ack_policy: "none" },
    { ack_wait: 1 },
    { max_ack_pending: 1 },
    { max_deliver: 5 },
    { deliver_policy: "new" },
    { deliver_subject: "elsewhere" },
    { headers_only: true },
    { filter_subjects: ["x.>"] },
    { inactive_threshold: 1_000_000_000 },
  ]) {
    test(`${JSON.stringify(change)} - a difference`, () => {
      assert.deepEqual(fields(consumerDifferences(requests, liveConsumer(change))), Object.keys(change));
    });
  }
});
