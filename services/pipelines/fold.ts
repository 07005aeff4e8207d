// The fold of the pipelines service: follows the log, evolves the state, lets others wait until it has passed a sequence
// or until something happened to a run, and stores snapshots piece by piece.

import type { Logger } from "pino";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import { loadSnapshot, storeSnapshotPieces } from "../log/snapshot.ts";
import type { PipelinesConfig } from "./config.ts";
import { decodeEvent, namedIn, type PipelinesEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { freeze, stateFromJson, textPieces } from "./json.ts";
import { openKey } from "./run/state.ts";
import { initialState, keyOf, PIPELINES_EVOLVE_VERSION, type PipelinesState } from "./state.ts";

const MESSAGES_A_RUN = 8;

export interface FoldOptions {
  instance: number;
  config: PipelinesConfig;
  snapshots: ObjectBucket;
  logger: Logger;
  /** Called after each event was folded. */
  onEvent: (event: PipelinesEvent) => void;
}

export class PipelinesFold {
  state: PipelinesState = initialState();
  readonly #options: FoldOptions;
  /** Who waits for which sequence, lowest first. */
  readonly #waiting: { sequence: number; wake: () => void }[] = [];
  /** Who waits for something to happen to a run. */
  readonly #watching = new Map<string, Set<() => void>>();
  #follower: Follower | undefined;
  #sinceSnapshot = 0;
  #storing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  /** Loads the snapshot and folds the tail; returns when the state is that of now. */
  async start(connection: NatsConnection): Promise<void> {
    const { snapshots, instance, config, logger } = this.#options;
    const snapshot = await loadSnapshot(snapshots, PIPELINES_EVOLVE_VERSION);
    if (snapshot !== undefined) this.state = stateFromJson(snapshot.state);
    this.#follower = await follow(connection, {
      role: "pipelines",
      n: instance,
      // The whole log: a consumer with several filters costs the server a look at every subject for each message.
      fromSequence: this.state.sequence + 1,
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    this.#timer = setInterval(() => {
      if (this.#sinceSnapshot > 0) this.#snapshot();
    }, config.snapshotEveryMs).unref();
    void this.#follower.ended.then((error) => {
      if (error !== undefined) logger.error({ error: error.message }, "pipelines stopped");
    });
  }

  /** Resolves when the fold has passed `sequence`. */
  async passed(sequence: number): Promise<void> {
    if (Math.max(this.state.sequence, this.#follower?.position ?? 0) >= sequence) return;
    await new Promise<void>((wake) => {
      let at = this.#waiting.length;
      while (at > 0 && (this.#waiting[at - 1]?.sequence ?? 0) > sequence) at--;
      this.#waiting.splice(at, 0, { sequence, wake });
    });
  }

  /** Told of each event of the run until it is disposed of. */
  watch(user: string, run: string, onEvent: () => void): Disposable {
    const key = keyOf(user, run);
    const watchers = this.#watching.get(key) ?? new Set();
    this.#watching.set(key, watchers.add(onEvent));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(onEvent);
        if (watchers.size === 0) this.#watching.delete(key);
      },
    };
  }

  /** Who still waits is left waiting: the part stops. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#follower?.stop();
    await this.#storing;
  }

  #snapshot(): void {
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
    });
  }

  async #store(): Promise<void> {
    const { snapshots, logger } = this.#options;
    this.#sinceSnapshot = 0;
    const frozen = freeze(this.state);
    const { sequence } = frozen;
    try {
      await storeSnapshotPieces(snapshots, PIPELINES_EVOLVE_VERSION, sequence, textPieces(frozen));
    } catch (error) {
      logger.warn({ error: (error as Error).message, sequence }, "snapshot not stored");
    }
  }

  #onMessage(message: LogMessage): void {
    const { state } = this;
    let event: PipelinesEvent | undefined;
    try {
      event = decodeEvent(
        message,
        (user, run, stage, n) => state.runs.get(keyOf(user, run))?.open.has(openKey(stage, n)) === true,
      );
    } catch (error) {
      const { sequence, subject, timeMs } = message;
      this.#options.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
      const named = namedIn(subject);
      // What is appended is conditional on the run's last event, readable or not.
      if (named !== undefined)
        event = { kind: "other", sequence, timeMs, user: named.user, name: named.name };
    }
    if (event !== undefined) evolve(state, event);
    state.sequence = message.sequence;
    state.timeMs = Math.max(state.timeMs, message.timeMs);
    if (event !== undefined) this.#tell(event);
    while (this.#waiting.length > 0 && (this.#waiting[0]?.sequence ?? 0) <= message.sequence)
      this.#waiting.shift()?.wake();
    // A snapshot costs what there is of runs: the more there are, the more seldom.
    const every = Math.max(this.#options.config.snapshotEvery, MESSAGES_A_RUN * state.runs.size);
    if (++this.#sinceSnapshot >= every) this.#snapshot();
  }

  #tell(event: PipelinesEvent): void {
    this.#options.onEvent(event);
    if (!("name" in event) || event.kind === "result") return;
    for (const wake of this.#watching.get(keyOf(event.user, event.name)) ?? []) wake();
  }
}
