// Watches the requests that come after a search has put its values in force, and puts those before back where they fare
// worse. What it knows follows from the log alone, so whoever starts again, or runs beside it, comes to the same.
//
//   finished, applied ─▶ follow from when the values before came into force ─▶ contest ─▶ worse? ─▶ registry.execute

import type { Logger } from "pino";
import { asDspexError } from "../../../../schemas/errors.ts";
import type { NatsConnection } from "../../../bus/connect.ts";
import { FollowWhile } from "../../../log/follow-while.ts";
import type { LogMessage } from "../../../log/message.ts";
import type { VariablesConfig } from "../../config.ts";
import type { Registry } from "../../registry.ts";
import { rollBackCommand } from "../conclude.ts";
import type { VariableRun } from "../state.ts";
import { type LiveContest, newLiveContest, observeLive, regressionOf } from "./contest.ts";
import { LIVE_FILTERS, liveTold } from "./outcome.ts";

/** The registry's own follower has the instance's number. */
const FOLLOWER_OFFSET = 8;
/** Messages before the search that are looked at for what was before. */
const BEFORE_MESSAGES = 20_000;
const RETRY_MS = 1_000;

export interface LiveWatchOptions {
  registry: Registry;
  connection: NatsConnection;
  instance: number;
  config: Pick<VariablesConfig, "watchedOutcomes" | "watchedMs">;
  logger: Logger;
}

interface Watched {
  run: VariableRun;
  contest: LiveContest;
}

export class LiveWatch {
  readonly #options: LiveWatchOptions;
  readonly following: FollowWhile;
  /** By run. */
  #watched = new Map<string, Watched>();
  readonly #judged = new Set<string>();

  constructor(options: LiveWatchOptions) {
    this.#options = options;
    const { registry, instance } = options;
    this.following = new FollowWhile({
      ...options,
      role: "variables",
      n: instance + FOLLOWER_OFFSET,
      filters: LIVE_FILTERS,
      wanted: () => this.#wanted(),
      changed: () => registry.changed(),
      onMessage: (message, isNew) => this.#onMessage(message, isNew),
    });
  }

  #wanted(): Map<string, number> {
    const { runs } = this.#options.registry.optimizations;
    for (const run of this.#judged) if (!runs.has(run)) this.#judged.delete(run);
    const active = [...runs.values()].flatMap((run) => {
      const since = this.#sinceOf(run);
      return since === undefined ? [] : [this.#watchedAs(run, since)];
    });
    this.#watched = new Map(active.map((watched) => [watched.run.run, watched]));
    return new Map(active.map(({ run, contest }) => [run.run, contest.since]));
  }

  #watchedAs(run: VariableRun, since: number): Watched {
    const before = this.#watched.get(run.run);
    if (before !== undefined) return before;
    const { sequence = 0, versions = {} } = run.applied ?? {};
    return { run, contest: newLiveContest(since, sequence, Object.keys(versions)) };
  }

  /** From when on the values before were in force; undefined = the run's values are not in force, or long enough. */
  #sinceOf({ run, status, ended, applied, base = {}, startedSequence = 0 }: VariableRun): number | undefined {
    const { registry, config } = this.#options;
    if (this.#judged.has(run) || config.watchedOutcomes === 0) return undefined;
    if (status !== "finished" || ended?.applied !== true || applied === undefined) return undefined;
    let since = startedSequence - BEFORE_MESSAGES;
    for (const [name, version] of Object.entries(applied.versions)) {
      const variable = registry.state.variables.get(name);
      const now = variable?.history.at(-1);
      if (variable?.version !== version || now === undefined) return undefined;
      if (Date.now() - now.timeMs > config.watchedMs) return undefined;
      const before = base[name]?.version ?? version - 1;
      since = Math.max(
        since,
        variable.history.find((one) => one.version === before)?.sequence ?? startedSequence,
      );
    }
    return Math.max(since, 0);
  }

  #onMessage(message: LogMessage, isNew: (run: string) => boolean): void {
    let told: ReturnType<typeof liveTold>;
    try {
      told = liveTold(message);
    } catch {
      // What cannot be read tells nothing; who folds it says so.
      return;
    }
    if (told === undefined) return;
    for (const [name, watched] of this.#watched) {
      if (this.#judged.has(name) || !isNew(name)) continue;
      observeLive(watched.contest, told);
      this.#judge(watched);
    }
  }

  #judge({ run, contest }: Watched): void {
    const why = regressionOf(contest);
    if (why === undefined && contest.after < this.#options.config.watchedOutcomes) return;
    this.#judged.add(run.run);
    this.following.look();
    if (why !== undefined) this.#rollBack(run, why);
  }

  #rollBack(run: VariableRun, why: string): void {
    const { registry, logger } = this.#options;
    const isDone = () => run.ended?.rolledBack === true;
    registry.execute(rollBackCommand(run, why), isDone).then(
      () => logger.info({ run: run.run, why }, "variables rolled back"),
      (thrown) => {
        const error = asDspexError(thrown);
        logger.warn({ run: run.run, error: error.message }, "variables not rolled back");
        // Unless somebody else has set them since: theirs stay.
        if (error.retryable && !this.following.isStopped)
          setTimeout(() => this.#rollBack(run, why), RETRY_MS).unref();
      },
    );
  }
}
