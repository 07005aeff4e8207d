// The shell around the registry: follows the variable events, and appends what is decided, conditional on nobody having
// been faster; then it decides again. One command at a time, so that only other instances can be faster.
//
//   command ─▶ last event? ─▶ fold up to it ─▶ decide ─▶ append, if that is still the last one ─▶ fold it ─▶ answer

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError, isDspexError } from "../../schemas/errors.ts";
import { VARIABLE_EVENTS } from "../../schemas/messages/variable-event.ts";
import { ALL_LOG, VARIABLE_EVENTS_FILTER, variableEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { nowText } from "../bus/clock.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import type { LogReader } from "../log/read.ts";
import { loadSnapshot, storeSnapshot } from "../log/snapshot.ts";
import { type Command, decide } from "./decide.ts";
import type { VariableAppend } from "./event.ts";
import {
  applyMessage,
  FOLD_VERSION,
  foldFromJson,
  foldToJson,
  initialFold,
  VARIABLES_FILTERS,
  type VariablesFold,
} from "./fold.ts";
import type { OptimizationsState } from "./optimize/state.ts";
import { rejectionOf } from "./rejection.ts";
import { decideRenewal } from "./renew.ts";
import type { VariablesState } from "./state.ts";

/** Races against other instances that a command may lose. */
const ATTEMPTS = 20;
const RENEW_EVERY_MS = 3_600_000;
const SNAPSHOT_DELAY_MS = 1_000;
/** With its envelope it stays below the server's `max_payload`. */
const MAX_EVENT_BYTES = 917_504;

export interface RegistryOptions {
  instance: number;
  appender: Appender;
  reader: LogReader;
  snapshots: ObjectBucket;
  logger: Logger;
}

/** What was appended, or undefined where nothing changes. */
export type Done = (VariableAppend & { sequence: number }) | undefined;
type Decide = (state: VariablesState) => VariableAppend | undefined;

export class Registry {
  #fold: VariablesFold = initialFold();
  readonly #options: RegistryOptions;
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();
  #before: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #snapshotTimer: NodeJS.Timeout | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get state(): VariablesState {
    return this.#fold.variables;
  }
  get optimizations(): OptimizationsState {
    return this.#fold.optimizations;
  }

  /** Returns when the state is that of now, and what the log is about to forget has been told again. */
  async start(connection: NatsConnection): Promise<void> {
    const { snapshots, instance, logger } = this.#options;
    const snapshot = await loadSnapshot(snapshots, FOLD_VERSION);
    if (snapshot !== undefined) this.#fold = foldFromJson(snapshot.state);
    this.#follower = await follow(connection, {
      role: "variables",
      n: instance,
      fromSequence: this.state.sequence + 1,
      filters: VARIABLES_FILTERS,
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    await this.#renew();
    this.#timer = setInterval(() => {
      this.#renew().catch((error: Error) =>
        logger.warn({ error: error.message }, "variables not told again"),
      );
    }, RENEW_EVERY_MS).unref();
  }

  /**
   * Does what a command says; a command that is refused is recorded as such.
   * @param isDone asked before it is decided, each time: true = somebody has done it already.
   * @throws what `decide` throws; `conflict` when others change variables all the time.
   */
  async execute(command: Command, isDone: () => boolean = () => false): Promise<Done> {
    let refused: DspexError | undefined;
    const done = await this.#inTurn((state) => {
      refused = undefined;
      if (isDone()) return undefined;
      try {
        return decide(state, command);
      } catch (error) {
        if (!isDspexError(error)) throw error;
        refused = error;
        return rejectionOf(command, error);
      }
    }).catch((error: unknown) => {
      // That it could not be recorded is no news for who asked.
      if (refused === undefined) throw error;
      this.#options.logger.warn({ error: String(error) }, "refused command not recorded");
      return undefined;
    });
    if (refused !== undefined) throw refused;
    return done;
  }

  /** The state with everything that was in the log when it was asked for, by whichever instance. */
  async now(): Promise<VariablesState> {
    await this.passed((await this.#options.reader.last(VARIABLE_EVENTS_FILTER))?.sequence ?? 0);
    return this.state;
  }

  /** Returns when the event of that sequence is part of the state. */
  async passed(sequence: number): Promise<void> {
    while (this.state.sequence < sequence) await this.#folded.promise;
  }

  /** Resolves at the next event. */
  changed(): Promise<void> {
    return this.#folded.promise;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#snapshotTimer);
    await this.#follower?.stop();
  }

  #inTurn(decideNow: Decide): Promise<Done> {
    const mine = this.#before.then(() => this.#append(decideNow));
    this.#before = mine.catch(() => {});
    return mine;
  }

  async #append(decideNow: Decide): Promise<Done> {
    const { reader, appender } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const last = (await reader.last(VARIABLE_EVENTS_FILTER))?.sequence ?? 0;
      await this.passed(last);
      const decided = decideNow(this.state);
      if (decided === undefined) return undefined;
      const id = randomUUID();
      const event = this.#event(decided, id);
      let sequence: number | undefined;
      try {
        sequence = await appender.append(variableEventSubject(decided.verb), event, {
          expectedLastSequence: last,
          expectedSubject: VARIABLE_EVENTS_FILTER,
        });
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
        sequence = await this.#storedAs(id, last);
      }
      if (sequence === undefined) continue;
      await this.passed(sequence);
      this.snapshotSoon();
      return { ...decided, sequence };
    }
    throw new DspexError("conflict", "variables are being changed by others all the time", {
      retryable: true,
    });
  }

  /** Refused may be one's own event, sent again because its acknowledgement was lost: then it is the next one. */
  async #storedAs(id: string, after: number): Promise<number | undefined> {
    const next = await this.#options.reader.next(VARIABLE_EVENTS_FILTER, after + 1);
    return next !== null && (next.json() as CloudEvent<unknown>).id === id ? next.sequence : undefined;
  }

  async #renew(): Promise<void> {
    const { reader, logger } = this.#options;
    const [first, last] = await Promise.all([reader.next(ALL_LOG, 1), reader.last(ALL_LOG)]);
    if (first === null || last === null) return;
    const range = { firstSequence: first.sequence, lastSequence: last.sequence };
    while ((await this.#inTurn((state) => decideRenewal(state, range))) !== undefined)
      logger.info("variables told again");
  }

  #event({ verb, data }: VariableAppend, id: string): string {
    const source = `variables/${this.#options.instance}`;
    const event = stringifyJson(cloudEvent(VARIABLE_EVENTS[verb].type, source, id, nowText(), data));
    const sizeBytes = Buffer.byteLength(event);
    if (sizeBytes <= MAX_EVENT_BYTES) return event;
    throw new DspexError(
      "payload_too_large",
      `the event has ${sizeBytes} bytes, at most ${MAX_EVENT_BYTES}: change fewer variables at once`,
    );
  }

  /** Changes come in groups: one snapshot for each group. */
  snapshotSoon(): void {
    this.#snapshotTimer ??= setTimeout(() => {
      this.#snapshotTimer = undefined;
      const { snapshots, logger } = this.#options;
      const { sequence } = this.state;
      storeSnapshot(snapshots, FOLD_VERSION, sequence, foldToJson(this.#fold)).catch((error: Error) =>
        logger.warn({ error: error.message }, "snapshot not stored"),
      );
    }, SNAPSHOT_DELAY_MS).unref();
  }

  #onMessage(message: LogMessage): void {
    try {
      applyMessage(this.#fold, message);
    } catch (error) {
      const { sequence } = message;
      this.#options.logger.warn({ sequence, error: String(error) }, "unreadable variable event skipped");
    }
    this.#folded.resolve();
    this.#folded = Promise.withResolvers();
  }
}
