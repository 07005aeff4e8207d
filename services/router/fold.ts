// The router's fold: follows the log, evolves the state, and lets others wait until it has passed a sequence. What it
// decoded of a request is kept for the delivery of the same message, so that each is parsed once.

import type { Logger } from "pino";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import { loadSnapshot, storeSnapshot } from "../log/snapshot.ts";
import { decodeEvent, type RouterEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { Intake } from "./intake.ts";
import { Kept } from "./kept.ts";
import {
  initialState,
  type OpenRequest,
  ROUTER_EVOLVE_VERSION,
  type RouterState,
  stateFromJson,
  stateToJson,
} from "./state.ts";
import type { WrittenResults } from "./written-results.ts";

/** Decoded requests kept for their delivery; a router among several never gets most of them. */
const MAX_INTAKES = 8_192;
/** Larger ones are decoded once more instead: half a megabyte each would be gigabytes. */
const MAX_KEPT_BYTES = 8_192;

export interface FoldOptions {
  instance: number;
  logger: Logger;
  snapshots: ObjectBucket;
  /** Log messages between two snapshots. */
  snapshotEvery: number;
  /** Of this router; absent = it writes none. */
  written?: WrittenResults;
  /** Called after each event was folded; `closed` is the open request that it ended. */
  onEvent: (event: RouterEvent, closed: OpenRequest | undefined) => void;
}

export class RouterFold {
  state: RouterState = initialState();
  readonly #options: FoldOptions;
  readonly #intakes = new Kept<number, Intake>(MAX_INTAKES);
  /** Who waits for which sequence, lowest first. */
  readonly #waiting: { sequence: number; wake: () => void }[] = [];
  #follower: Follower | undefined;
  /** Nothing is delivered before: what is read of the past would be kept for nobody, and cost the collector a copy each. */
  #isLive = false;
  #sinceSnapshot = 0;
  #storing = false;

  constructor(options: FoldOptions) {
    this.#options = options;
  }

  /** Loads the snapshot and folds the tail; returns when the state is that of now. */
  async start(connection: NatsConnection): Promise<void> {
    const snapshot = await loadSnapshot(this.#options.snapshots, ROUTER_EVOLVE_VERSION);
    if (snapshot !== undefined) this.state = stateFromJson(snapshot.state);
    this.#follower = await follow(connection, {
      role: "router",
      n: this.#options.instance,
      fromSequence: this.state.sequence + 1,
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    this.#isLive = true;
  }

  /** Resolves with the error that ended the follower, or undefined after `stop`. */
  get ended(): Promise<Error | undefined> {
    return this.#follower?.ended ?? Promise.resolve(undefined);
  }

  get position(): number {
    return Math.max(this.state.sequence, this.#follower?.position ?? 0);
  }

  /** Undefined when the fold has passed `sequence`, else a promise for it. */
  passed(sequence: number): Promise<void> | undefined {
    if (this.position >= sequence) return undefined;
    return new Promise((wake) => {
      // Deliveries come in order of sequence but for redeliveries: the place is nearly always the end.
      let at = this.#waiting.length;
      while (at > 0 && (this.#waiting[at - 1]?.sequence ?? 0) > sequence) at--;
      this.#waiting.splice(at, 0, { sequence, wake });
    });
  }

  /** What the fold decoded of the request at `sequence`, once. */
  takeIntake(sequence: number): Intake | undefined {
    return this.#intakes.take(sequence);
  }

  async stop(): Promise<void> {
    await this.#follower?.stop();
  }

  #onMessage(message: LogMessage): void {
    let event: RouterEvent | undefined;
    const startedAt = performance.now();
    const written = this.#options.written?.take(message.subject, message.data);
    if (written !== undefined) message.isKnown(written);
    try {
      event = decodeEvent(message);
      if (event?.kind === "request") event.intake.readMs = performance.now() - startedAt;
    } catch (error) {
      this.#options.logger.warn(
        { sequence: message.sequence, subject: message.subject, error: String(error) },
        "unreadable message skipped",
      );
    }
    if (event === undefined) {
      this.state.sequence = message.sequence;
    } else {
      const closed = event.kind === "result" ? this.state.open.get(event.id) : undefined;
      this.state = evolve(this.state, event);
      if (event.kind === "request" && this.#isLive && message.data.length <= MAX_KEPT_BYTES)
        this.#intakes.keep(event.sequence, event.intake);
      this.#options.onEvent(event, closed);
    }
    this.#wake(message.sequence);
    if (++this.#sinceSnapshot >= this.#options.snapshotEvery) this.#snapshot();
  }

  /** Wakes those whose sequence is passed; one that the filters leave out is passed without being seen. */
  #wake(sequence: number): void {
    while (this.#waiting.length > 0 && (this.#waiting[0]?.sequence ?? 0) <= sequence)
      this.#waiting.shift()?.wake();
  }

  #snapshot(): void {
    if (this.#storing) return;
    this.#storing = true;
    this.#sinceSnapshot = 0;
    const { sequence } = this.state;
    storeSnapshot(this.#options.snapshots, ROUTER_EVOLVE_VERSION, sequence, stateToJson(this.state))
      .catch((error: Error) =>
        this.#options.logger.warn({ error: error.message, sequence }, "snapshot not stored"),
      )
      .finally(() => {
        this.#storing = false;
      });
  }
}
