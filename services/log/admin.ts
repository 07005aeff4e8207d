// JetStream's manager for the keeper, the only part that may create or change a stream, a consumer or a bucket.
// Says "not there" as undefined, and never deletes a stream.

import {
  type ConsumerConfig,
  type ConsumerInfo,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "../bus/connect.ts";

export type { ConsumerConfig, ConsumerInfo, StreamConfig, StreamInfo };

const STREAM_NOT_FOUND = 10_059;
const CONSUMER_NOT_FOUND = 10_014;
const SEQUENCE_NOT_FOUND = 10_043;
const DELETE_FAILED = 10_057;

async function unlessMissing<T>(work: Promise<T>, code: number): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  }
}

/** A message that was deleted, or lies before the head; any other failed deletion has the same number as the second. */
function isMissingMessage(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  return (
    error.code === SEQUENCE_NOT_FOUND ||
    (error.code === DELETE_FAILED && error.message === "no message found")
  );
}

export class LogAdmin {
  readonly #manager: JetStreamManager;

  private constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  static async open(connection: NatsConnection): Promise<LogAdmin> {
    return new LogAdmin(await jetstreamManager(connection, { checkAPI: false }));
  }

  stream(name: string): Promise<StreamInfo | undefined> {
    return unlessMissing(this.#manager.streams.info(name), STREAM_NOT_FOUND);
  }

  createStream(config: Partial<StreamConfig> & { name: string }): Promise<StreamInfo> {
    return this.#manager.streams.add(config);
  }

  updateStream(name: string, config: Partial<StreamConfig>): Promise<StreamInfo> {
    return this.#manager.streams.update(name, config);
  }

  /** Subjects of a stream under `filter`, of which it may hold many: all pages. */
  async subjects(stream: string, filter: string): Promise<string[]> {
    const info = await unlessMissing(
      this.#manager.streams.info(stream, { subjects_filter: filter }),
      STREAM_NOT_FOUND,
    );
    return Object.keys(info?.state.subjects ?? {});
  }

  consumer(stream: string, name: string): Promise<ConsumerInfo | undefined> {
    return unlessMissing(this.#manager.consumers.info(stream, name), CONSUMER_NOT_FOUND);
  }

  async consumers(stream: string): Promise<ConsumerInfo[]> {
    const all: ConsumerInfo[] = [];
    for await (const info of this.#manager.consumers.list(stream)) all.push(info);
    return all;
  }

  createConsumer(stream: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#manager.consumers.add(stream, config);
  }

  updateConsumer(stream: string, name: string, config: Partial<ConsumerConfig>): Promise<ConsumerInfo> {
    return this.#manager.consumers.update(stream, name, config);
  }

  /** Makes a consumer new at another position; one of that name goes first. */
  async replaceConsumer(
    stream: string,
    config: Partial<ConsumerConfig> & { name: string },
  ): Promise<ConsumerInfo> {
    await unlessMissing(this.#manager.consumers.delete(stream, config.name), CONSUMER_NOT_FOUND);
    return this.createConsumer(stream, config);
  }

  /** Sequence of the first message at or after a time: asked with a consumer that reads nothing and goes at once. */
  async sequenceAt(stream: string, time: Date): Promise<number> {
    const name = "keeper-sequence-at";
    const info = await this.replaceConsumer(stream, {
      name,
      ack_policy: "none",
      deliver_policy: "by_start_time",
      opt_start_time: time.toISOString(),
      mem_storage: true,
      inactive_threshold: 1_000_000_000,
    });
    await unlessMissing(this.#manager.consumers.delete(stream, name), CONSUMER_NOT_FOUND);
    return info.delivered.stream_seq + 1;
  }

  /**
   * Lowest sequence among the last messages of the subjects under a pattern; undefined when there are none. Asked like
   * `sequenceAt`: the keeper may not read messages.
   */
  async lowestLast(stream: string, pattern: string): Promise<number | undefined> {
    const name = "keeper-lowest-last";
    const info = await this.replaceConsumer(stream, {
      name,
      ack_policy: "none",
      deliver_policy: "last_per_subject",
      filter_subject: pattern,
      mem_storage: true,
      inactive_threshold: 1_000_000_000,
    });
    await unlessMissing(this.#manager.consumers.delete(stream, name), CONSUMER_NOT_FOUND);
    return info.num_pending === 0 ? undefined : info.delivered.stream_seq + 1;
  }

  /** Overwrites one message's bytes; one that is not there (any more) is none to erase. */
  async eraseMessage(stream: string, sequence: number): Promise<void> {
    try {
      await this.#manager.streams.deleteMessage(stream, sequence, true);
    } catch (error) {
      if (!isMissingMessage(error)) throw error;
    }
  }

  /** Removes every message before `sequence`; answers how many. */
  async cutBefore(stream: string, sequence: number): Promise<number> {
    return (await this.#manager.streams.purge(stream, { seq: sequence })).purged;
  }
}
