// What happens in the log, for all observers of this gateway over one follower: of the subjects that somebody observes, and
// only as long as somebody does. When another subject is wanted the follower is made anew a little further back, and
// every observer goes on from its own position, so none misses anything and none sees anything twice.
//
//   join ─▶ followed already? ─no─▶ follower anew ─┐
//             └yes─────────────────────────────────┴─▶ history up to a sequence from the log, then what comes

import type { Logger } from "pino";
import { LiveListener, type LiveMessage } from "./live-listener.ts";

export interface LiveFollower {
  stop(): Promise<void>;
  /** Resolves with the error that ended it. */
  readonly ended: Promise<Error | undefined>;
}

export interface LiveEventsParts {
  /** Follows these filters from a sequence on; resolves when it does. */
  follow: (
    filters: readonly string[],
    fromSequence: number,
    onMessage: (message: LiveMessage) => void,
  ) => { begun: Promise<unknown>; follower: LiveFollower };
  endOfLog: () => Promise<number>;
  /** The pattern that an observer of a subject joins with. */
  patternOf: (subject: string) => string | undefined;
  /** The same for all users: stands for the users' own where those are too many. */
  wideOf: (pattern: string) => string;
  logger: Logger;
  /** After so long without observers nothing is followed; ms. */
  idleMs?: number;
}

/** The keeper takes no more in one follower. */
const MAX_FILTERS = 32;
/** Point reads are answered by any replica: what is so new is taken from the follower, which is behind nobody. */
const OVERLAP = 256;
const MAX_RECENT_BYTES = 8 * 1_048_576;
const IDLE_MS = 60_000;
const RETRY_MS = 1_000;
const NONE: ReadonlySet<string> = new Set();

export class LiveEvents {
  readonly #parts: LiveEventsParts;
  readonly #listeners = new Map<string, Set<LiveListener>>();
  /** Filters of the follower that runs. */
  #followed: ReadonlySet<string> = NONE;
  /** Filters of the one that is being made. */
  #asked: ReadonlySet<string> = NONE;
  #follower: LiveFollower | undefined;
  /** Made anew each time: what an earlier follower still hands on counts for nothing. */
  #generation = 0;
  #opening: Promise<void> | undefined;
  #isWanted = false;
  /** The newest messages, everything after `#recentTo` among them. */
  #recent: LiveMessage[] = [];
  #recentBytes = 0;
  #recentTo = 0;
  #idle: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: LiveEventsParts) {
    this.#parts = parts;
  }

  get isFollowing(): boolean {
    return this.#follower !== undefined;
  }

  join(patterns: readonly string[]): LiveListener {
    const listener = new LiveListener(patterns);
    for (const pattern of patterns) {
      const others = this.#listeners.get(pattern);
      if (others === undefined) this.#listeners.set(pattern, new Set([listener]));
      else others.add(listener);
    }
    if (this.#isIn(this.#followed, listener)) this.#begin(listener);
    else if (!this.#isIn(this.#asked, listener)) this.#open();
    return listener;
  }

  leave(listener: LiveListener): void {
    for (const pattern of listener.patterns) {
      const others = this.#listeners.get(pattern);
      others?.delete(listener);
      if (others?.size === 0) this.#listeners.delete(pattern);
    }
    if (this.#stopped) return;
    this.#idle ??= setTimeout(() => this.#tidy(), this.#parts.idleMs ?? IDLE_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idle);
    await this.#close();
  }

  #isIn(filters: ReadonlySet<string>, { patterns }: LiveListener): boolean {
    return patterns.every((pattern) => filters.has(pattern) || filters.has(this.#parts.wideOf(pattern)));
  }

  #begin(listener: LiveListener): void {
    const own = this.#recent.filter(({ subject }) => this.#concerns(listener, subject));
    listener.begin(this.#recentTo, own);
  }

  #concerns({ patterns }: LiveListener, subject: string): boolean {
    const pattern = this.#parts.patternOf(subject);
    return pattern !== undefined && patterns.includes(pattern);
  }

  /** Follows what is wanted now; once more, should something else be wanted by then. */
  #open(): void {
    this.#isWanted = true;
    if (!this.#stopped) this.#opening ??= this.#openWanted();
  }

  async #openWanted(): Promise<void> {
    try {
      while (this.#isWanted && !this.#stopped) {
        await this.#openOnce().catch((error) => this.#later(error));
      }
    } finally {
      this.#opening = undefined;
    }
  }

  async #later(error: unknown): Promise<void> {
    if (this.#stopped) return;
    this.#isWanted = true;
    this.#parts.logger.warn({ error: String(error) }, "live events are not followed yet");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
  }

  async #openOnce(): Promise<void> {
    await this.#close();
    for (const listener of this.#all()) listener.suspend();
    this.#isWanted = false;
    const patterns = [...this.#listeners.keys()];
    if (patterns.length === 0) return;
    const { endOfLog, wideOf, follow, logger } = this.#parts;
    const filters = patterns.length > MAX_FILTERS ? [...new Set(patterns.map(wideOf))] : patterns;
    this.#asked = new Set(filters);
    const from = Math.max(1, (await endOfLog()) + 1 - OVERLAP);
    if (this.#stopped) return;
    const generation = ++this.#generation;
    this.#recent = [];
    this.#recentBytes = 0;
    this.#recentTo = from - 1;
    const { begun, follower } = follow(filters, from, (message) => {
      if (generation === this.#generation) this.#hear(message);
    });
    this.#follower = follower;
    void follower.ended.then((error) => {
      if (error === undefined || generation !== this.#generation) return;
      logger.warn({ error: error.message }, "live events are followed anew");
      this.#open();
    });
    await begun;
    if (generation !== this.#generation) return;
    this.#followed = this.#asked;
    this.#asked = NONE;
    for (const listener of this.#all()) if (this.#isIn(this.#followed, listener)) this.#begin(listener);
  }

  #all(): Set<LiveListener> {
    return new Set([...this.#listeners.values()].flatMap((some) => [...some]));
  }

  #hear(message: LiveMessage): void {
    this.#recent.push(message);
    this.#recentBytes += message.data.length;
    while (this.#recent.length > OVERLAP || this.#recentBytes > MAX_RECENT_BYTES) {
      const oldest = this.#recent.shift() as LiveMessage;
      this.#recentBytes -= oldest.data.length;
      this.#recentTo = oldest.sequence;
    }
    const pattern = this.#parts.patternOf(message.subject);
    for (const listener of this.#listeners.get(pattern ?? "") ?? []) listener.hear(message);
  }

  /** Nobody observes any more, or not all that is followed. */
  #tidy(): void {
    this.#idle = undefined;
    const needed = new Set([...this.#listeners.keys()].flatMap((one) => [one, this.#parts.wideOf(one)]));
    if ([...this.#followed].some((filter) => !needed.has(filter))) this.#open();
  }

  async #close(): Promise<void> {
    this.#generation++;
    this.#followed = NONE;
    this.#asked = NONE;
    const follower = this.#follower;
    this.#follower = undefined;
    await follower?.stop();
  }
}
