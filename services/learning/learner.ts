// The shell around the learning service's fold: follows the log, and writes what follows from it. One event is on its way
// at a time, on the condition that no policy event came since the one that was folded last; who loses the race to another
// instance folds what that one wrote, and decides again.
//
//   log ─▶ evolve ─▶ decideNext ─▶ append, if the last policy event is the one that was folded ─▶ log

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { POLICY_EVENTS } from "../../schemas/messages/policy-event.ts";
import { POLICY_EVENTS_FILTER, policyEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import type { LogReader } from "../log/read.ts";
import { loadSnapshot, storeSnapshot } from "../log/snapshot.ts";
import type { LearningConfig } from "./config.ts";
import { applyMessage } from "./fold/apply.ts";
import { decideNext, type PolicyAppend } from "./fold/decide.ts";
import { type LearnerJson, stateFromJson, stateToJson } from "./fold/json.ts";
import { initialState, LEARNER_EVOLVE_VERSION, type LearnerState } from "./fold/state.ts";

/** Races that a command may lose. */
const ATTEMPTS = 20;
/** Before what the log would not take is tried again. */
const RETRY_MS = 1_000;

export interface LearnerOptions {
  instance: number;
  appender: Appender;
  reader: LogReader;
  snapshots: ObjectBucket;
  config: LearningConfig;
  logger: Logger;
}

export class Learner {
  state: LearnerState = initialState();
  readonly #options: LearnerOptions;
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();
  #isLive = false;
  #isPublishing = false;
  #isStopped = false;
  #sinceSnapshot = 0;
  #isStoring = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LearnerOptions) {
    this.#options = options;
  }

  /** Returns when the state is that of now; what was due and never written is then on its way. */
  async start(connection: NatsConnection): Promise<void> {
    const { snapshots, instance, config, logger } = this.#options;
    const snapshot = await loadSnapshot(snapshots, LEARNER_EVOLVE_VERSION);
    if (snapshot !== undefined) this.state = stateFromJson(snapshot.state as LearnerJson);
    this.#follower = await follow(connection, {
      role: "learning",
      n: instance,
      fromSequence: this.state.sequence + 1,
      // All of it: several filters cost the server more than the messages that they would leave out.
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    this.#isLive = true;
    this.#publish();
    this.#timer = setInterval(() => this.#snapshot(), config.snapshotEveryMs).unref();
    void this.#follower.ended.then((error) => {
      if (error === undefined) return;
      logger.error({ error: error.message }, "the fold of the log ended: learning stopped");
      this.#isStopped = true;
      this.#folded.resolve();
    });
  }

  /**
   * Appends what `decide` says of the current state.
   * @returns whether there was anything to append.
   * @throws what `decide` throws; `conflict` when others change policies all the time.
   */
  async execute(decide: (state: LearnerState) => PolicyAppend | undefined): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await this.#passedPolicies();
      const decided = decide(this.state);
      if (decided === undefined) return false;
      try {
        await this.#passed(await this.#append(decided));
        return true;
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
      }
    }
    throw new DspexError("conflict", "policies are being changed by others all the time", {
      retryable: true,
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#follower?.stop();
    this.#folded.resolve();
  }

  #onMessage(message: LogMessage): void {
    const error = applyMessage(this.state, message);
    if (error !== undefined) {
      const { sequence, subject } = message;
      this.#options.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
    }
    this.#folded.resolve();
    this.#folded = Promise.withResolvers();
    if (++this.#sinceSnapshot >= this.#options.config.snapshotEvery) this.#snapshot();
    this.#publish();
  }

  /** Writes what is due, one event after another, until nothing is. */
  #publish(): void {
    if (!this.#isLive || this.#isPublishing || decideNext(this.state) === undefined) return;
    this.#isPublishing = true;
    this.#publishAll()
      .catch(async (error: Error) => {
        if (this.#isStopped) return;
        this.#options.logger.warn({ error: error.message }, "policy not written");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      })
      .finally(() => {
        this.#isPublishing = false;
        if (!this.#isStopped) this.#publish();
      });
  }

  async #publishAll(): Promise<void> {
    let next = decideNext(this.state);
    while (next !== undefined && !this.#isStopped) {
      try {
        await this.#passed(await this.#append(next));
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
        await this.#passedPolicies();
      }
      next = decideNext(this.state);
    }
  }

  #append({ verb, data }: PolicyAppend): Promise<number> {
    const { appender, instance } = this.#options;
    const source = `learning/${instance}`;
    const time = new Date().toISOString();
    const event = cloudEvent(POLICY_EVENTS[verb].type, source, randomUUID(), time, data);
    return appender.append(policyEventSubject(verb), stringifyJson(event), {
      expectedLastSequence: this.state.journal.sequence,
      expectedSubject: POLICY_EVENTS_FILTER,
    });
  }

  /** Resolves when every policy event that is in the log now has been folded. */
  async #passedPolicies(): Promise<void> {
    const last = await this.#options.reader.last(POLICY_EVENTS_FILTER);
    if (last !== null) await this.#passed(last.sequence);
  }

  async #passed(sequence: number): Promise<void> {
    while (this.state.sequence < sequence) {
      if (this.#isStopped) throw new DspexError("unavailable", "this learning service has stopped");
      await this.#folded.promise;
    }
  }

  #snapshot(): void {
    if (this.#isStoring || this.#sinceSnapshot === 0) return;
    this.#isStoring = true;
    this.#sinceSnapshot = 0;
    const { snapshots, logger } = this.#options;
    const { sequence } = this.state;
    storeSnapshot(snapshots, LEARNER_EVOLVE_VERSION, sequence, stateToJson(this.state))
      .catch((error: Error) => logger.warn({ error: error.message, sequence }, "snapshot not stored"))
      .finally(() => {
        this.#isStoring = false;
      });
  }
}
