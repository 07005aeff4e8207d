// A fold that is kept up with the log: the newest snapshot, then the tail, then whatever comes. Others wait until it has
// passed a sequence, or for the next message; snapshots are stored beside it, piece by piece.
//
//   snapshot ─▶ state ◀─ apply ◀─ follower ◀─ log          passed(n), changed() ─▶ who waits        state ─▶ snapshot

import type { Logger } from "pino";
import { DspexError } from "../../schemas/errors.ts";
import { ANY_SUBJECT } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "./follow.ts";
import type { LogMessage } from "./message.ts";
import type { ObjectBucket } from "./objects.ts";
import type { LogReader } from "./read.ts";
import { type Repeated, repeat } from "./repeat.ts";
import { loadSnapshot, storeSnapshotPieces } from "./snapshot.ts";

/** What one service folds, and how its state is told. */
export interface FoldKind<State> {
  /** Of its evolve: snapshots of another one do not count. */
  version: string;
  initial(): State;
  /** Reads back what `pieces` told; the snapshot's hash has been checked before. */
  fromJson(json: unknown): State;
  /** JSON of the state as it is when this is called, though the pieces may be made later. */
  pieces(state: State): Iterable<string>;
  /** Subjects that it folds; absent = the whole log. */
  filters?: readonly string[];
}

/** What it takes of the part that it is the fold of. */
export interface FoldPart {
  connection: NatsConnection;
  reader: LogReader;
  snapshots: ObjectBucket;
  role: string;
  instance: number;
  logger: Logger;
}

export interface LiveFoldOptions<State> extends FoldPart {
  kind: FoldKind<State>;
  /** One message into the state; returns the state. What it throws ends the fold: one that cannot go on must not skip. */
  apply(state: State, message: LogMessage): State;
  /** Messages between two snapshots: a snapshot costs what there is, so the more there is, the more seldom. */
  snapshotEvery?: (state: State) => number;
  /** The longest time without one while the log grows, ms. */
  snapshotEveryMs?: number;
  /** After `snapshotSoon`, so that what comes in groups is one snapshot, ms. */
  soonMs?: number;
}

const SNAPSHOT_EVERY = 50_000;
const SNAPSHOT_EVERY_MS = 600_000;
const SOON_MS = 1_000;
/** A snapshot that is asked for waits so many times as long as the last one took: a large state is not told all the time. */
const REST = 20;
/** How often it is looked how far the log has grown. */
const LOOK_EVERY_MS = 60_000;

export class LiveFold<State extends { sequence: number }> {
  state: State;
  readonly #options: LiveFoldOptions<State>;
  /** Who waits for which sequence, lowest first. */
  readonly #waiting: { sequence: number; done: PromiseWithResolvers<void> }[] = [];
  #changed: PromiseWithResolvers<void> | undefined;
  #follower: Follower | undefined;
  /** Of the log up to here everything that concerns it is in the state. */
  #covered = 0;
  #stored = { sequence: 0, atMs: performance.now() };
  #tookMs = 0;
  #storing: Promise<void> | undefined;
  #isDueAgain = false;
  #soon: NodeJS.Timeout | undefined;
  #looks: Repeated | undefined;
  #end: DspexError | undefined;

  constructor(options: LiveFoldOptions<State>) {
    this.#options = options;
    this.state = options.kind.initial();
  }

  /** Returns when the state is that of now. @throws what ended the fold before that. */
  async start(): Promise<void> {
    const { connection, snapshots, role, instance, kind, logger, snapshotEveryMs } = this.#options;
    const snapshot = await loadSnapshot(snapshots, kind.version);
    if (snapshot !== undefined) {
      this.state = kind.fromJson(snapshot.state);
      this.#covered = snapshot.sequence;
      this.#stored.sequence = snapshot.sequence;
    }
    const follower = await follow(connection, {
      role,
      n: instance,
      fromSequence: this.#covered + 1,
      filters: kind.filters,
      onMessage: (message) => this.#onMessage(message),
    });
    this.#follower = follower;
    const ended = follower.ended.then((error) => {
      if (error === undefined) return;
      logger.error({ error: error.message }, `${role} stopped: its fold of the log ended`);
      this.#endBy(new DspexError("unavailable", `${role} cannot follow the log: ${error.message}`));
      throw this.#end;
    });
    await Promise.race([follower.caughtUp, ended]);
    // Where there is none the keeper may cut nothing.
    if (snapshot === undefined) this.snapshotSoon();
    const everyMs = Math.min(LOOK_EVERY_MS, snapshotEveryMs ?? SNAPSHOT_EVERY_MS);
    this.#looks = repeat(
      everyMs,
      () => this.#look(),
      (error) => logger.warn({ error: error.message }, "how far the log has grown is not known"),
    );
  }

  /**
   * Resolves when the fold has passed `sequence`, which must be of a message that it follows.
   * @throws DspexError `unavailable` when it ends before.
   */
  async passed(sequence: number): Promise<void> {
    if (this.#position >= sequence) return;
    if (this.#end !== undefined) throw this.#end;
    const done = Promise.withResolvers<void>();
    // Appends are awaited in order but for races: the place is nearly always the end.
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.sequence ?? 0) > sequence) at--;
    this.#waiting.splice(at, 0, { sequence, done });
    await done.promise;
  }

  /** Resolves at the next message; never, once the fold has ended. */
  changed(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    return this.#changed.promise;
  }

  /** After something that the snapshots so far do not have and should; one for all that comes within some time. */
  snapshotSoon(): void {
    this.#soon ??= setTimeout(
      () => {
        this.#soon = undefined;
        this.#snapshot();
      },
      Math.max(this.#options.soonMs ?? SOON_MS, REST * this.#tookMs),
    ).unref();
  }

  /** Who still waits is told that it ends. */
  async stop(): Promise<void> {
    this.#looks?.stop();
    clearTimeout(this.#soon);
    await this.#follower?.stop();
    this.#endBy(new DspexError("unavailable", `${this.#options.role} stops`));
    await this.#storing;
  }

  get #position(): number {
    return Math.max(this.#covered, this.state.sequence, this.#follower?.position ?? 0);
  }

  #endBy(error: DspexError): void {
    this.#end ??= error;
    for (const { done } of this.#waiting.splice(0)) done.reject(this.#end);
  }

  #onMessage(message: LogMessage): void {
    const { apply, snapshotEvery } = this.#options;
    this.state = apply(this.state, message);
    while (this.#waiting.length > 0 && (this.#waiting[0]?.sequence ?? 0) <= message.sequence)
      this.#waiting.shift()?.done.resolve();
    this.#changed?.resolve();
    this.#changed = undefined;
    const every = snapshotEvery?.(this.state) ?? SNAPSHOT_EVERY;
    if (message.sequence - this.#stored.sequence >= every) this.#snapshot();
  }

  /** Also a log that grows by what does not concern it has to be covered: the keeper cuts no further. */
  async #look(): Promise<void> {
    const { snapshotEvery, snapshotEveryMs = SNAPSHOT_EVERY_MS } = this.#options;
    await this.#cover();
    const grown = this.#position - this.#stored.sequence;
    if (grown === 0) return;
    const isLate = performance.now() - this.#stored.atMs >= snapshotEveryMs;
    if (isLate || grown >= (snapshotEvery?.(this.state) ?? SNAPSHOT_EVERY)) this.#snapshot();
  }

  async #cover(): Promise<void> {
    const { reader, kind } = this.#options;
    if (kind.filters === undefined) return;
    const last = await reader.last(ANY_SUBJECT);
    // Asked after it: whatever concerns the fold and came before it is not beyond these.
    const own = await Promise.all(kind.filters.map((filter) => reader.last(filter)));
    const isPassed = own.every((one) => (one?.sequence ?? 0) <= this.state.sequence);
    if (isPassed && last !== null) this.#covered = Math.max(this.#covered, last.sequence);
  }

  /** One at a time; what comes while one is stored is in the next. */
  #snapshot(): void {
    if (this.#storing !== undefined) {
      this.#isDueAgain = true;
      return;
    }
    this.#storing = this.#store().finally(() => {
      this.#storing = undefined;
      if (this.#isDueAgain && this.#end === undefined) this.snapshotSoon();
      this.#isDueAgain = false;
    });
  }

  async #store(): Promise<void> {
    const { snapshots, kind, logger } = this.#options;
    const beganAtMs = performance.now();
    const pieces = kind.pieces(this.state);
    const sequence = this.#position;
    this.#stored = { sequence, atMs: performance.now() };
    try {
      await storeSnapshotPieces(snapshots, kind.version, sequence, pieces);
      this.#tookMs = performance.now() - beganAtMs;
    } catch (error) {
      if (this.#end === undefined)
        logger.warn({ error: (error as Error).message, sequence }, "snapshot not stored");
    }
  }
}
