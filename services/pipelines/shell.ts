// The shell of the pipelines service: the fold, and what each folded event, and time, set off.
//
//   log ─▶ evolve ─▶ runner: decide ─▶ log, requests        timers ─▶ runner        API ─▶ commands ─▶ log

import type { Logger } from "pino";
import { asDspexError } from "../../schemas/errors.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { ClaimCheck } from "../log/claim-check.ts";
import type { ObjectBucket } from "../log/objects.ts";
import type { LogReader } from "../log/read.ts";
import { PipelineCommands } from "./commands.ts";
import type { PipelinesConfig } from "./config.ts";
import { PipelinesFold } from "./fold.ts";
import { Journal } from "./journal.ts";
import { Loader } from "./loader.ts";
import { renewPipelines } from "./renew.ts";
import { RunTimers } from "./run-timers.ts";
import { Runner } from "./runner.ts";
import { RunSpans } from "./spans.ts";

export interface ShellOptions {
  connection: NatsConnection;
  appender: Appender;
  reader: LogReader;
  snapshots: ObjectBucket;
  values: ObjectBucket;
  config: PipelinesConfig;
  instance: number;
  logger: Logger;
}

export class PipelinesShell {
  readonly fold: PipelinesFold;
  readonly commands: PipelineCommands;
  readonly #options: ShellOptions;
  readonly #journal: Journal;
  readonly #runner: Runner;
  readonly #timers: RunTimers;
  #renewing: NodeJS.Timeout | undefined;

  constructor(options: ShellOptions) {
    const { reader, values, config } = options;
    this.#options = options;
    this.fold = new PipelinesFold({ ...options, onEvent: (event) => this.#runner.onEvent(event) });
    const claims = new ClaimCheck(values);
    const loader = new Loader(reader, claims, config.readsAtOnce);
    const common = { ...options, fold: this.fold, loader, claims, spans: new RunSpans() };
    const journal = new Journal(common);
    this.#journal = journal;
    this.#timers = new RunTimers(config.tickMs, (run, due) => this.#runner.wake(run, due));
    this.#runner = new Runner({ ...common, journal, timers: this.#timers });
    this.commands = new PipelineCommands({ ...common, journal, runner: this.#runner });
  }

  /** Returns when the state is that of now; what was under way is then on its way again. */
  async start(): Promise<void> {
    const { connection, config } = this.#options;
    await this.fold.start(connection);
    this.#runner.start();
    this.#renewing = setInterval(() => void this.#renew(), config.renewEveryMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#renewing);
    this.#runner.stop();
    this.#timers.stop();
    await this.fold.stop();
  }

  async #renew(): Promise<void> {
    const { reader, logger } = this.#options;
    try {
      await renewPipelines({ fold: this.fold, journal: this.#journal, reader });
    } catch (error) {
      logger.warn({ error: asDspexError(error).message }, "old pipelines not told again");
    }
  }
}
