// The shell of the sessions service: what each folded event sets off.
//
//   log ─▶ evolve ─▶ named or answered? turn writer · opened? bound · erased? eraser ─▶ log
//   timers ─▶ idle? expired ─▶ log          API ─▶ commands ─▶ log

import type { ObjectBucket } from "../log/objects.ts";
import { type Repeated, repeat } from "../log/repeat.ts";
import type { LogPart } from "../log/start-part.ts";
import type { WorkConsumer } from "../log/work.ts";
import { OpenBound } from "./bound.ts";
import { SessionCommands } from "./commands.ts";
import type { SessionsConfig } from "./config.ts";
import { Eraser } from "./erase/eraser.ts";
import { UserEraser } from "./erase/user-eraser.ts";
import type { SessionsEvent } from "./event.ts";
import { type SessionsFold, sessionsFold } from "./fold.ts";
import { SessionJournal } from "./journal.ts";
import { retellOld } from "./retell.ts";
import { takeTimers } from "./timers.ts";
import { TurnWriter } from "./turn-writer.ts";

export interface ShellOptions extends LogPart {
  values: ObjectBucket;
  config: SessionsConfig;
}

export class SessionsShell {
  readonly fold: SessionsFold;
  readonly commands: SessionCommands;
  readonly #options: ShellOptions;
  readonly #journal: SessionJournal;
  readonly #writer: TurnWriter;
  readonly #eraser: Eraser;
  readonly #userEraser: UserEraser;
  readonly #bound: OpenBound;
  #timers: WorkConsumer | undefined;
  #retelling: Repeated | undefined;
  #isLive = false;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.fold = sessionsFold(options, options.config, (event) => this.#onEvent(event));
    const common = { ...options, fold: this.fold };
    this.#journal = new SessionJournal(options, this.fold);
    const writing = { ...common, journal: this.#journal };
    this.#writer = new TurnWriter(writing);
    this.#eraser = new Eraser(writing);
    this.#userEraser = new UserEraser(writing, this.#eraser);
    this.#bound = new OpenBound(this.fold, this.#journal, options.config);
    this.commands = new SessionCommands({
      ...writing,
      writer: this.#writer,
      eraser: this.#eraser,
      userEraser: this.#userEraser,
    });
  }

  /** Returns when the state is that of now; what was due and never written is then on its way. */
  async start(): Promise<void> {
    const { connection, config, logger } = this.#options;
    await this.fold.start();
    this.#isLive = true;
    this.#writer.start();
    this.#eraser.resume();
    this.#userEraser.resume();
    const options = { ...this.#options, fold: this.fold, journal: this.#journal };
    this.#timers = await takeTimers(connection, options);
    this.#retelling = repeat(
      config.retellEveryMs,
      () => retellOld(options),
      (error) => logger.warn({ error: error.message }, "old contexts not told again"),
    );
  }

  async stop(): Promise<void> {
    this.#isLive = false;
    this.#retelling?.stop();
    await this.#timers?.stop();
    await this.#writer.stop();
    await this.#userEraser.stop();
    await this.#eraser.stop();
    await this.fold.stop();
  }

  #onEvent(event: SessionsEvent): void {
    if (!this.#isLive || event.kind === "attempt-failed" || event.kind === "work") return;
    this.#writer.look(event.user, event.session);
    if (event.kind === "opened" || event.kind === "forked") void this.#bound.check();
    // A turn of a request that was still running when its session was erased.
    if (event.kind === "turn-added" && this.fold.state.toErase.size > 0) this.#eraser.resume();
  }
}
