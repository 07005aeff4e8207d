// The shell around the contests of canaries: while there is one, follows what the log tells of requests from where it began,
// and has it promoted or withdrawn once the evidence convinces. What it knows follows from the log alone, so whoever starts
// again, or runs beside it, comes to the same; the first to say so wins.
//
//   canary in the registry's fold ─▶ follow from its start ─▶ contest ─▶ verdict ─▶ registry.execute

import type { Logger } from "pino";
import type { CanaryEvidence } from "../../../../schemas/messages/version-event.ts";
import type { NatsConnection } from "../../../bus/connect.ts";
import { type Follower, follow } from "../../../log/follow.ts";
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
  name: string;
  canary: Canary;
  contest: CanaryContest;
  isJudged: boolean;
}

export class CanaryWatch {
  readonly #options: WatchOptions;
  #watched = new Map<string, Watched>();
  #follower: Follower | undefined;
  #key = "";
  #isStopped = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): this {
    void this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#follower?.stop();
  }

  /** Undefined where it is not known here yet. */
  evidence(name: string): CanaryEvidence | undefined {
    const watched = this.#watched.get(name);
    return watched && evidenceOf(watched.contest);
  }

  /** Follows anew whenever other canaries are to be judged. */
  async #run(): Promise<void> {
    const { registry, logger } = this.#options;
    while (!this.#isStopped) {
      const changed = registry.changed();
      try {
        await this.#follow();
      } catch (error) {
        if (this.#isStopped) return;
        logger.warn({ error: String(error) }, "canaries not followed yet");
        this.#key = "";
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      await changed;
    }
  }

  async #follow(): Promise<void> {
    const { registry, connection, instance } = this.#options;
    const active = [...registry.state.programs.values()].flatMap(({ name, status, canary }) =>
      canary !== undefined && status === "registered" ? [{ name, canary }] : [],
    );
    const key = active
      .map(({ name, canary }) => `${name}/${canary.version}/${canary.since}`)
      .sort()
      .join(" ");
    if (key === this.#key) return;
    this.#key = key;
    const before = this.#follower;
    this.#follower = undefined;
    await before?.stop();
    this.#watched = new Map(
      active.map(({ name, canary }) => [
        name,
        { name, canary, contest: newCanaryContest(canary.share), isJudged: false },
      ]),
    );
    if (active.length === 0 || this.#isStopped) return;
    this.#follower = await follow(connection, {
      role: "programs",
      n: instance + FOLLOWER_OFFSET,
      fromSequence: Math.min(...active.map(({ canary }) => canary.since)) + 1,
      filters: CANARY_FILTERS,
      onMessage: (message) => this.#onMessage(message),
    });
  }

  #onMessage(message: LogMessage): void {
    let told: ReturnType<typeof canaryOutcome>;
    try {
      told = canaryOutcome(message);
    } catch {
      // What cannot be read tells nothing; who folds it says so.
      return;
    }
    if (told === undefined) return;
    const watched = this.#watched.get(told.program);
    if (watched?.canary.version !== told.version || message.sequence <= watched.canary.since) return;
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
      if (this.#isStopped) return;
      this.#options.logger.warn({ program: name, error: error.message }, "canary not judged yet");
      setTimeout(() => {
        watched.isJudged = false;
        if (!this.#isStopped && this.#watched.get(name) === watched) this.#judge(watched);
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
