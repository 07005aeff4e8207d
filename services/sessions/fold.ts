// The fold of the sessions service: follows the log, evolves the state, lets others wait until it has passed a
// sequence, and stores snapshots piece by piece while it goes on.

import type { Logger } from "pino";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import { loadSnapshot, storeSnapshotPieces } from "../log/snapshot.ts";
import { applyMessage } from "./apply.ts";
import type { SessionsConfig } from "./config.ts";
import type { SessionsEvent } from "./event.ts";
import { freeze, stateFromJson, textPieces } from "./json.ts";
import { initialState, SESSIONS_EVOLVE_VERSION, type SessionsState } from "./state.ts";

const SOON_MS = 5_000;
const MESSAGES_A_SESSION = 2;

export interface FoldOptions {
  instance: number;
  config: SessionsConfig;
  snapshots: ObjectBucket;
  logger: Logger;
  /** Called after each event was folded. */
  onEvent: (event: SessionsEvent) => void;
}

export class SessionsFold {
  state: SessionsState = initialState();
  readonly #options: FoldOptions;
  /** Who waits for which sequence, lowest first. */
  readonly #waiting: { sequence: number; wake: () => void }[] = [];
  #follower: Follower | undefined;
  #sinceSnapshot = 0;
  #storing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  /** Loads the snapshot and folds the tail; returns when the state is that of now. */
  async start(connection: NatsConnection): Promise<void> {
    const { snapshots, instance, config, logger } = this.#options;
    const snapshot = await loadSnapshot(snapshots, SESSIONS_EVOLVE_VERSION);
    if (snapshot !== undefined) this.state = stateFromJson(snapshot.state);
    this.#follower = await follow(connection, {
      role: "sessions",
      n: instance,
      // The whole log: a consumer with several filters costs the server a look at every subject of a block for each
      // message, which made it forty times slower where all results have subjects of their own.
      fromSequence: this.state.sequence + 1,
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    this.#timer = setInterval(() => {
      if (this.#sinceSnapshot > 0) this.#snapshot();
    }, config.snapshotEveryMs).unref();
    void this.#follower.ended.then((error) => {
      if (error !== undefined) logger.error({ error: error.message }, "sessions stopped");
    });
  }

  /** Resolves when the fold has passed `sequence`, which must be of a message that it follows. */
  async passed(sequence: number): Promise<void> {
    if (Math.max(this.state.sequence, this.#follower?.position ?? 0) >= sequence) return;
    await new Promise<void>((wake) => {
      // Appends are awaited in order but for races: the place is nearly always the end.
      let at = this.#waiting.length;
      while (at > 0 && (this.#waiting[at - 1]?.sequence ?? 0) > sequence) at--;
      this.#waiting.splice(at, 0, { sequence, wake });
    });
  }

  /** After something that the snapshots so far do not have and should; one for all that comes within some seconds. */
  snapshotSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#snapshot();
    }, SOON_MS).unref();
  }

  /** Stores the state as it is now, unless one is being stored. */
  #snapshot(): void {
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
    });
  }

  /** Who still waits is left waiting: the part stops. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    await this.#follower?.stop();
    await this.#storing;
  }

  async #store(): Promise<void> {
    const { snapshots, logger } = this.#options;
    this.#sinceSnapshot = 0;
    const frozen = freeze(this.state);
    const { sequence } = frozen;
    try {
      await storeSnapshotPieces(snapshots, SESSIONS_EVOLVE_VERSION, sequence, textPieces(frozen));
    } catch (error) {
      logger.warn({ error: (error as Error).message, sequence }, "snapshot not stored");
    }
  }

  /** A snapshot costs what there is of sessions: the more there are, the more seldom. */
  #snapshotEvery(): number {
    const { live, ended } = this.state;
    return Math.max(this.#options.config.snapshotEvery, MESSAGES_A_SESSION * (live.size + ended.size));
  }

  #onMessage(message: LogMessage): void {
    const { event, error } = applyMessage(this.state, message);
    if (error !== undefined) {
      const { sequence, subject } = message;
      this.#options.logger.warn({ sequence, subject, error: String(error) }, "unreadable message skipped");
    }
    if (event !== undefined) this.#options.onEvent(event);
    while (this.#waiting.length > 0 && (this.#waiting[0]?.sequence ?? 0) <= message.sequence)
      this.#waiting.shift()?.wake();
    if (++this.#sinceSnapshot >= this.#snapshotEvery()) this.#snapshot();
  }
}
