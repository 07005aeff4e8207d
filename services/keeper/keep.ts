// The keeper: makes what is missing, refuses what differs, makes followers on request, tells what is in force, and
// cuts the head of the log before it is full. Of the log's messages it reads tombstones alone, and erases what they name.

import { ERROR_CODES } from "../../schemas/error-codes.ts";
import { asDspexError, type DspexError } from "../../schemas/errors.ts";
import {
  ALL_BEATS,
  ERASE_SETUP_SUBJECT,
  followSetupSubject,
  LOG_STREAM,
  SETUP_INFO_SUBJECT,
} from "../../schemas/subjects.ts";
import { createHeaders, type Msg, type NatsConnection, type Subscription } from "../bus/connect.ts";
import { LogAdmin } from "../log/admin.ts";
import { LogReader } from "../log/read.ts";
import { type KeeperOptions, type KeeperSettings, keeperSettings } from "./config.ts";
import { type CutDecision, decideCut } from "./cut.ts";
import { erase } from "./erase.ts";
import { readFloors } from "./floors.ts";
import { makeFollower, parseFollowRequest } from "./follow.ts";
import { readSetupInfo, type SetupInfo } from "./info.ts";
import { openOrCreate } from "./open.ts";
import { WorkerConsumers } from "./worker-consumers.ts";

/** What the keeper tells while it runs; nothing of it needs an answer. */
export type KeeperNotice =
  | { status: "cut"; before: number; removed: number }
  | { status: "held"; by: string; at: number }
  /** More workers of a pool beat than the settings say; they have their consumers now. */
  | { status: "workers"; pool: string; workers: number; configured: number }
  | { status: "failed"; doing: string; error: unknown };

export interface KeeperStart {
  /** Connected under the role `setup`; stays the caller's to close. */
  connection: NatsConnection;
  options?: KeeperOptions;
  onNotice?: (notice: KeeperNotice) => void;
}

/** Keepers of one namespace share their requests. */
const QUEUE = "keeper";

export class Keeper {
  readonly settings: KeeperSettings;
  readonly #connection: NatsConnection;
  readonly #admin: LogAdmin;
  readonly #onNotice: (notice: KeeperNotice) => void;
  /** The last thing done to each follower: two requests for one name must not interleave. */
  readonly #followers = new Map<string, Promise<unknown>>();
  readonly #workerConsumers: WorkerConsumers;
  readonly #subscriptions: Subscription[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(start: KeeperStart, settings: KeeperSettings, admin: LogAdmin) {
    this.settings = settings;
    this.#connection = start.connection;
    this.#admin = admin;
    this.#onNotice = start.onNotice ?? (() => {});
    this.#workerConsumers = new WorkerConsumers(admin, settings);
  }

  /** @throws ConfigurationDiffers when a live stream or consumer is not what the code relies on. */
  static async start(start: KeeperStart): Promise<Keeper> {
    const settings = keeperSettings.parse(start.options ?? {});
    const admin = await LogAdmin.open(start.connection);
    await openOrCreate(admin, settings);
    const keeper = new Keeper(start, settings, admin);
    keeper.#serve();
    await start.connection.flush();
    return keeper;
  }

  /** What is in force now, read back from the server. */
  info(): Promise<SetupInfo> {
    return readSetupInfo(this.#connection, this.#admin, this.settings);
  }

  /** Looks at the log's size once and cuts its head if that is due. */
  async checkSize(): Promise<CutDecision> {
    const { cutAbove, cutDownTo, snapshotServices } = this.settings;
    const log = await this.#admin.stream(LOG_STREAM);
    if (log === undefined) return { status: "roomy" };
    const { first_seq: firstSequence, last_seq: lastSequence, messages, bytes } = log.state;
    const fill = { firstSequence, lastSequence, messages, bytes, maxBytes: log.config.max_bytes };
    const limits = { above: cutAbove, downTo: cutDownTo };
    if (fill.maxBytes <= 0 || bytes <= cutAbove * fill.maxBytes) return { status: "roomy" };

    const decision = decideCut(fill, await readFloors(this.#admin, snapshotServices, lastSequence), limits);
    if (decision.status === "cut") {
      const removed = await this.#admin.cutBefore(LOG_STREAM, decision.before);
      this.#onNotice({ ...decision, removed });
    } else if (decision.status === "held") this.#onNotice(decision);
    return decision;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    // Another keeper of the namespace answers from now on.
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    await Promise.allSettled(this.#followers.values());
  }

  #serve(): void {
    const answer = (work: (message: Msg) => Promise<unknown>) => (error: Error | null, message: Msg) => {
      if (error === null && !this.#stopped) void this.#answer(message, work);
    };
    const serve = (subject: string, work: (message: Msg) => Promise<unknown>) =>
      this.#subscriptions.push(this.#connection.subscribe(subject, { queue: QUEUE, callback: answer(work) }));
    serve(followSetupSubject("*", "*"), (message) => this.#follow(message));
    serve(SETUP_INFO_SUBJECT, () => this.info());
    serve(ERASE_SETUP_SUBJECT, (message) => this.#erase(message));
    const beats = this.#connection.subscribe(ALL_BEATS, {
      callback: (error, { subject }) => {
        if (error === null && !this.#stopped) void this.#onBeat(subject);
      },
    });
    this.#subscriptions.push(beats);
    this.#planCheck();
    void this.#watchConnection();
  }

  async #answer(message: Msg, work: (message: Msg) => Promise<unknown>): Promise<void> {
    try {
      message.respond(JSON.stringify(await work(message)));
    } catch (thrown) {
      const error = asDspexError(thrown);
      message.respond(JSON.stringify(error.toWire()), { headers: errorHeaders(error) });
      if (error.code === "internal") this.#onNotice({ status: "failed", doing: message.subject, error });
    }
  }

  #follow(message: Msg): Promise<unknown> {
    const request = parseFollowRequest(message.subject, message.reply ?? "", bodyOf(message));
    const before = this.#followers.get(message.subject) ?? Promise.resolve();
    const made = before.catch(() => {}).then(() => makeFollower(this.#admin, request));
    this.#followers.set(message.subject, made);
    return made;
  }

  async #erase(message: Msg): Promise<unknown> {
    const reader = await LogReader.open(this.#connection);
    return erase(this.#admin, reader, message.reply ?? "", bodyOf(message));
  }

  async #onBeat(subject: string): Promise<void> {
    try {
      const made = await this.#workerConsumers.heard(subject);
      if (made === undefined) return;
      const configured = this.settings.pools[made.pool].workers;
      this.#onNotice({ status: "workers", ...made, configured });
    } catch (error) {
      this.#failed("make a worker's consumer", error);
    }
  }

  #planCheck(): void {
    this.#timer = setTimeout(async () => {
      await this.checkSize().catch((error) => this.#failed("checkSize", error));
      if (!this.#stopped) this.#planCheck();
    }, this.settings.checkIntervalMs).unref();
  }

  /** A server that came back may have lost what is kept in memory, or be another one: looks again. */
  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#stopped) return;
      if (status.type !== "reconnect") continue;
      await openOrCreate(this.#admin, this.settings).catch((error) => this.#failed("openOrCreate", error));
      this.#workerConsumers.forget();
    }
  }

  #failed(doing: string, error: unknown): void {
    if (!this.#stopped) this.#onNotice({ status: "failed", doing, error });
  }
}

function bodyOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined; // no JSON: the schema says so
  }
}

function errorHeaders(error: DspexError) {
  const headers = createHeaders();
  headers.set("Nats-Service-Error", error.message.replaceAll(/[\r\n]+/g, " "));
  headers.set("Nats-Service-Error-Code", String(ERROR_CODES[error.code].status));
  return headers;
}
