// The shell around the contests of canaries: while there is one, follows what the log tells of requests from where it began,
// and has it promoted or withdrawn once the evidence convinces. What it knows follows from the log alone, so whoever starts
// again, or runs beside it, comes to the same; the first to say so wins.
//
//   canary in the registry's fold ─▶ follow from its start ─▶ contest ─▶ verdict ─▶ registry.execute

import type { Logger } from "pino";
import type { CanaryEvidence } from "../../../../schemas/messages/version-event.ts";
import type { NatsConnection } from "../../../bus/connect.ts";
import { FollowWhile } from "../../../log/follow-while.ts";
import type { LogMessage } from "../../../log/message.ts";
import type { Registry } from "../../registry.ts";
import { decideWanted } from "../decide.ts";
import type { Canary } from "../state.ts";
import {
  type CanaryContest,
  type CanaryVerdict,
  evidenceOf,
  newCanaryContest,
  observeCanary,
  verdictOf,
} from "./contest.ts";
import { decideDisproven, decideProven, type Judgement } from "./decide.ts";
import { CANARY_FILTERS, canaryOutcome } from "./outcome.ts";

/** The registry's own follower has the instance's number. */
const FOLLOWER_OFFSET = 8;
const RETRY_MS = 1_000;

export interface WatchOptions {
  registry: Registry;
  connection: NatsConnection;
  instance: number;
  logger: Logger;
}

interface Watched {
  key: string;
  name: string;
  canary: Canary;
  contest: CanaryContest;
  isJudged: boolean;
}

export class CanaryWatch {
  readonly #options: WatchOptions;
  readonly following: FollowWhile;
  /** By program. */
  #watched = new Map<string, Watched>();

  constructor(options: WatchOptions) {
    this.#options = options;
    const { registry, instance } = options;
    this.following = new FollowWhile({
      ...options,
      role: "programs",
      n: instance + FOLLOWER_OFFSET,
      filters: CANARY_FILTERS,
      wanted: () => this.#wanted(),
      changed: () => registry.changed(),
      onMessage: (message, isNew) => this.#onMessage(message, isNew),
    });
  }

  /** Undefined where it is not known here yet. */
  evidence(name: string): CanaryEvidence | undefined {
    const watched = this.#watched.get(name);
    return watched && evidenceOf(watched.contest);
  }

  #wanted(): Map<string, number> {
    const active = [...this.#options.registry.state.programs.values()].flatMap(({ name, status, canary }) =>
      canary !== undefined && status === "registered" ? [this.#watchedAs(name, canary)] : [],
    );
    this.#watched = new Map(active.map((watched) => [watched.name, watched]));
    return new Map(active.map(({ key, canary }) => [key, canary.since]));
  }

  /** What is known of one that goes on is kept. */
  #watchedAs(name: string, canary: Canary): Watched {
    const key = `${name}/${canary.version}/${canary.since}`;
    const before = this.#watched.get(name);
    if (before?.key === key) return before;
    return { key, name, canary, contest: newCanaryContest(canary.share), isJudged: false };
  }

  #onMessage(message: LogMessage, isNew: (key: string) => boolean): void {
    let told: ReturnType<typeof canaryOutcome>;
    try {
      told = canaryOutcome(message);
    } catch {
      // What cannot be read tells nothing; who folds it says so.
      return;
    }
    if (told === undefined) return;
    const watched = this.#watched.get(told.program);
    if (watched?.canary.version !== told.version || !isNew(watched.key)) return;
    observeCanary(watched.contest, told.outcome);
    this.#judge(watched);
  }

  #judge(watched: Watched): void {
    const { contest, canary, name } = watched;
    if (watched.isJudged) return;
    const verdict = verdictOf(contest, canary.maxOutcomes);
    if (verdict === undefined) return;
    watched.isJudged = true;
    // As it was when it convinced, however late it is said.
    const { version, since } = canary;
    const judgement = { name, version, since, reason: verdict.reason, evidence: evidenceOf(contest) };
    this.#say(verdict.verb, judgement).catch((error: Error) => {
      if (this.following.isStopped) return;
      this.#options.logger.warn({ program: name, error: error.message }, "canary not judged yet");
      setTimeout(() => {
        watched.isJudged = false;
        if (!this.following.isStopped && this.#watched.get(name) === watched) this.#judge(watched);
      }, RETRY_MS).unref();
    });
  }

  async #say(verb: CanaryVerdict["verb"], judgement: Judgement): Promise<void> {
    const { registry, logger } = this.#options;
    const { name } = judgement;
    if (verb === "promoted") await registry.execute(name, verb, (state) => decideProven(state, judgement));
    else await registry.execute(name, verb, (state) => decideDisproven(state, judgement));
    await registry.execute(name, "registered", (state) => decideWanted(state, name));
    logger.info({ program: name, version: judgement.version, reason: judgement.reason }, `canary ${verb}`);
  }
}
