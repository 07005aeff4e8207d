// The shell around `decide`: processes and beats become events, actions become processes, naks and log entries.
// Processes start before the server is reached, because their imports take longer than anything else.

import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { beatSchema } from "../../schemas/messages/beat.ts";
import { WORKER_EVENTS } from "../../schemas/messages/worker-event.ts";
import { ALL_BEATS, workerEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection, Subscription } from "../bus/connect.ts";
import type { Action, ProcessEvent } from "./action.ts";
import { type SupervisorConfig, supervisorConfigSchema } from "./config.ts";
import { decide } from "./decide.ts";
import { LogFile } from "./log-file.ts";
import { outputLevel } from "./output-level.ts";
import { poolCommand } from "./pool-command.ts";
import { PoolProcess } from "./pool-process.ts";
import { initialState, isServed, type State } from "./state.ts";

export interface SuperviseSettings {
  natsUrl: string;
  /** Connected under the role `supervisor`; may resolve later. */
  connection: Promise<NatsConnection>;
  config: SupervisorConfig;
  /** `supervisor/<instance>`. */
  source: string;
  appender: (connection: NatsConnection) => Appender;
  logger: Logger;
}

const TICK_MS = 250;
/** Events that tell of a stop must not hold it up for longer than this. */
const LAST_APPEND_MS = 1_000;

export class Supervisor {
  readonly #settings: SuperviseSettings;
  readonly #config: ReturnType<typeof supervisorConfigSchema.parse>;
  readonly #processes = new Map<number, PoolProcess>();
  readonly #logFiles = new Map<string, LogFile>();
  readonly #appends = new Set<Promise<unknown>>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<void>();
  #state: State;
  #timer: NodeJS.Timeout | undefined;
  #beats: Subscription | undefined;
  #bus: Promise<{ connection: NatsConnection; appender: Appender }>;

  constructor(settings: SuperviseSettings) {
    this.#settings = settings;
    this.#config = supervisorConfigSchema.parse(settings.config);
    const run = randomBytes(6).toString("hex");
    this.#state = initialState(this.#config.pools, this.#config.limits, run, performance.now());
    this.#bus = settings.connection.then((connection) => ({
      connection,
      appender: settings.appender(connection),
    }));
    this.#bus.catch(() => {});
  }

  /** Every worker takes work. Never resolves while one cannot start. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Process ids with the names that they work under, for `doctor`, tests and monitoring. */
  processes(): { pool: string; worker: string | undefined; status: string; pid: number | undefined }[] {
    return Object.values(this.#state.processes).map(({ process, pool, worker, status }) => ({
      pool,
      worker,
      status,
      pid: this.#processes.get(process)?.pid,
    }));
  }

  /** Starts the processes; returns when the server is reached. */
  async start(): Promise<this> {
    this.#dispatch({ kind: "begin" });
    // Where no pool has a process nothing ever happens that could tell.
    this.#tellReady();
    this.#timer = setInterval(() => this.#dispatch({ kind: "tick" }), TICK_MS);
    const { connection } = await this.#bus;
    this.#beats = connection.subscribe(ALL_BEATS, {
      callback: (_error, message) => this.#onBeat(message.data),
    });
    this.#dispatch({ kind: "connected" });
    void this.#watchConnection(connection);
    return this;
  }

  /** Drains every process and waits for its end. */
  async stop(): Promise<void> {
    this.#dispatch({ kind: "stop" });
    await this.#finished.promise;
    clearInterval(this.#timer);
    this.#beats?.unsubscribe();
    const written = Promise.allSettled(this.#appends);
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, LAST_APPEND_MS).unref());
    await Promise.race([written, timeout]);
    await Promise.allSettled(Array.from(this.#logFiles.values(), (file) => file.close()));
    this.#bus.then(({ appender }) => appender.close()).catch(() => {});
  }

  /** Ends every process at once; what they held comes back by the consumers' ack_wait. */
  kill(): void {
    for (const process of this.#processes.values()) process.kill();
  }

  #dispatch(event: ProcessEvent): void {
    const moment = { nowMs: performance.now(), random: Math.random() };
    const { state, actions } = decide(this.#state, event, moment);
    this.#state = state;
    for (const action of actions) this.#perform(action);
    if (actions.length > 0) this.#tellReady();
  }

  #perform(action: Action): void {
    const { logger } = this.#settings;
    switch (action.kind) {
      case "spawn":
        this.#spawn(action);
        return;
      case "take":
        this.#processes.get(action.process)?.take(action.worker, action.incarnation);
        return;
      case "nak":
        this.#onBus("nak", ({ connection }) => {
          for (const { ackSubject } of action.held) connection.publish(ackSubject, "-NAK");
        });
        return;
      case "drain":
        this.#processes.get(action.process)?.drain();
        return;
      case "kill":
        this.#processes.get(action.process)?.kill();
        return;
      case "append":
        this.#append(action);
        return;
      case "report":
        logger[action.level](action.fields, action.message);
        return;
      case "finished":
        this.#finished.resolve();
        return;
      default:
        action satisfies never;
    }
  }

  #spawn({ process, pool, worker, incarnation }: Extract<Action, { kind: "spawn" }>): void {
    const file = this.#logFile(pool);
    const command = poolCommand(this.#config, this.#settings.natsUrl, pool, worker, incarnation);
    const child = new PoolProcess(command, {
      onWarm: () => this.#dispatch({ kind: "warm", process }),
      onReady: (modules) => this.#dispatch({ kind: "ready", process, modules }),
      onRecycle: (reason) => this.#dispatch({ kind: "recycle-asked", process, reason }),
      onOutput: (line) => {
        file.write(line);
        const loud = outputLevel(line);
        if (loud !== undefined) this.#settings.logger[loud.level]({ pool }, loud.message);
      },
      onExit: (exit) => {
        const pid = child.pid;
        this.#processes.delete(process);
        this.#dispatch({ kind: "exited", process, ...(pid !== undefined && { pid }), ...exit });
      },
    });
    this.#processes.set(process, child);
  }

  #append({ verb, process, data }: Extract<Action, { kind: "append" }>): void {
    const pid = this.#processes.get(process)?.pid;
    const body = pid === undefined ? data : { ...data, pid };
    const { type } = WORKER_EVENTS[verb];
    const event = cloudEvent(type, this.#settings.source, randomUUID(), new Date().toISOString(), body);
    this.#onBus(verb, ({ appender }) => appender.append(workerEventSubject(verb), JSON.stringify(event)));
  }

  #onBus(
    what: string,
    work: (bus: { connection: NatsConnection; appender: Appender }) => unknown | Promise<unknown>,
  ): void {
    const done = this.#bus
      .then(work)
      .catch((err: unknown) => this.#settings.logger.warn({ err, what }, "could not tell the server"))
      .finally(() => this.#appends.delete(done));
    this.#appends.add(done);
  }

  #onBeat(data: Uint8Array): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(data).toString());
    } catch {
      return; // only pools may publish there; a later version's beat is not ours to judge
    }
    const beat = beatSchema.safeParse(parsed);
    if (beat.success) this.#dispatch({ kind: "beat", ...beat.data });
  }

  async #watchConnection(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") this.#dispatch({ kind: "disconnected" });
      else if (status.type === "reconnect") this.#dispatch({ kind: "connected" });
    }
  }

  #tellReady(): void {
    if (isServed(this.#state)) this.#ready.resolve();
  }

  #logFile(pool: string): LogFile {
    let file = this.#logFiles.get(pool);
    if (file === undefined) {
      file = new LogFile(join(this.#config.logFolder, `pool-${pool}.log`));
      this.#logFiles.set(pool, file);
    }
    return file;
  }
}
