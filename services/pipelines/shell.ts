// The shell of the pipelines service: the fold, and what each folded event, and time, set off.
//
//   log ─▶ evolve ─▶ runner: decide ─▶ log, requests        timers ─▶ runner        API ─▶ commands ─▶ log

import { ClaimCheck } from "../log/claim-check.ts";
import type { ObjectBucket } from "../log/objects.ts";
import { type Repeated, repeat } from "../log/repeat.ts";
import type { LogPart } from "../log/start-part.ts";
import { Asker } from "./asker.ts";
import { PipelineCommands } from "./commands.ts";
import type { PipelinesConfig } from "./config.ts";
import { Definitions } from "./definitions.ts";
import { Ender } from "./ender.ts";
import { type PipelinesFold, pipelinesFold } from "./fold.ts";
import { PipelineJournal } from "./journal.ts";
import { Loader } from "./loader.ts";
import { renewPipelines } from "./renew.ts";
import { RunTimers } from "./run-timers.ts";
import { Runner } from "./runner.ts";
import { RunSpans } from "./spans.ts";
import { RunStarter } from "./starter.ts";
import { Turns } from "./turns.ts";
import { RunWatchers } from "./watchers.ts";

export interface ShellOptions extends LogPart {
  values: ObjectBucket;
  config: PipelinesConfig;
}

export class PipelinesShell {
  readonly fold: PipelinesFold;
  readonly commands: PipelineCommands;
  readonly watchers = new RunWatchers();
  readonly #options: ShellOptions;
  readonly #journal: PipelineJournal;
  readonly #asker: Asker;
  readonly #runner: Runner;
  readonly #timers: RunTimers;
  #renewing: Repeated | undefined;

  constructor(options: ShellOptions) {
    const { connection, reader, values, config } = options;
    this.#options = options;
    this.fold = pipelinesFold(options, config, (event) => {
      this.#runner.onEvent(event);
      this.watchers.tell(event);
    });
    const claims = new ClaimCheck(values);
    const loader = new Loader({ reader, claims, ...config });
    const ender = new Ender(connection, claims);
    const common = { ...options, fold: this.fold, loader, claims, spans: new RunSpans(), turns: new Turns() };
    const journal = new PipelineJournal(options, this.fold);
    this.#journal = journal;
    this.#timers = new RunTimers(config.tickMs, (run, due) => this.#runner.wake(run, due));
    this.#asker = new Asker({ ...common, journal, wake: (run) => this.#runner.wake(run) });
    const asking = { ...common, journal, asker: this.#asker };
    this.#runner = new Runner({ ...asking, ender, timers: this.#timers });
    const definitions = new Definitions(asking);
    this.commands = new PipelineCommands({ ...asking, definitions, starter: new RunStarter(asking) });
  }

  /** Returns when the state is that of now; what was under way is then on its way again. */
  async start(): Promise<void> {
    const { config, reader, logger } = this.#options;
    await this.fold.start();
    this.#runner.start();
    this.#renewing = repeat(
      config.renewEveryMs,
      () => renewPipelines({ fold: this.fold, journal: this.#journal, reader }),
      (error) => logger.warn({ error: error.message }, "old pipelines not told again"),
    );
  }

  async stop(): Promise<void> {
    this.#renewing?.stop();
    this.watchers.stop();
    this.#timers.stop();
    await this.#runner.stop();
    this.#asker.stop();
    await this.fold.stop();
  }
}
