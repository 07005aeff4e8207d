// Keeps one helper process running that says a ready line on standard output and answers HTTP: the embedded model's
// server. It takes no work from the log, so all there is to do is to start it again when it ends or falls silent.
//
//   start ─▶ ready ─▶ ended or silent ─▶ pause (doubles to 10 s) ─▶ start …
//     └─ exit code 3: not installed; given up

import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { onLines } from "./lines.ts";
import type { ProcessCommand } from "./pool-process.ts";

export interface CompanionSettings {
  name: string;
  command: ProcessCommand;
  /** Asked each 5 s by default while it runs; three unanswered in a row and it is started again. */
  healthUrl: string;
  healthEveryMs?: number;
  logger: Logger;
  /** What it says, for a log file. */
  onOutput?: (line: string) => void;
}

const EXIT_NOT_INSTALLED = 3;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
const SETTLED_MS = 30_000;
const HEALTH_EVERY_MS = 5_000;
const HEALTH_MISSES = 3;
const END_GRACE_MS = 2_000;

interface ReadyLine {
  ready?: boolean;
  baseUrl?: string;
  error?: { message?: string };
}

export class Companion {
  readonly #settings: CompanionSettings;
  readonly #ready = Promise.withResolvers<string>();
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #running: Promise<void> | undefined;

  constructor(settings: CompanionSettings) {
    this.#settings = settings;
    this.#ready.promise.catch(() => {});
  }

  /** Its address, once it answers; rejects when it cannot be started at all. */
  get ready(): Promise<string> {
    return this.#ready.promise;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.kill(), END_GRACE_MS);
    this.#child?.kill("SIGTERM");
    await this.#running;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async #run(): Promise<void> {
    const { name, logger } = this.#settings;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopping.signal.aborted) {
      const startedAtMs = performance.now();
      const { exitCode, said } = await this.#runOnce();
      if (this.#stopping.signal.aborted) return;
      if (exitCode === EXIT_NOT_INSTALLED) {
        logger.warn({ said }, `${name} is not installed`);
        this.#ready.reject(new Error(said));
        return;
      }
      if (performance.now() - startedAtMs > SETTLED_MS) pauseMs = FIRST_PAUSE_MS;
      logger.warn({ exitCode, said, pauseMs }, `${name} ended and is started again`);
      // Aborted when it is to stop, which the next look sees.
      await pause(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  async #runOnce(): Promise<{ exitCode: number | null; said: string }> {
    const { command, onOutput } = this.#settings;
    const child = spawn(command.executable, command.arguments, {
      env: command.environment,
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C must reach us first: the model answers until the pools have drained.
      detached: true,
    });
    this.#child = child;
    let said = "";
    let watch: NodeJS.Timeout | undefined;
    const ended = new Promise<number | null>((resolve) => {
      child.once("exit", resolve);
      child.once("error", (error) => {
        said = error.message;
        resolve(null);
      });
    });
    onLines(child.stdout, (line) => {
      onOutput?.(line);
      const parsed = readyLine(line);
      if (parsed?.ready === true) {
        this.#ready.resolve(parsed.baseUrl ?? "");
        watch = this.#watchHealth(child);
      } else if (parsed?.error?.message !== undefined) said = parsed.error.message;
    });
    onLines(child.stderr, (line) => {
      onOutput?.(line);
      if (said === "") said = line;
    });
    const exitCode = await ended;
    clearInterval(watch);
    return { exitCode, said };
  }

  #watchHealth(child: ChildProcess): NodeJS.Timeout {
    const { healthUrl, healthEveryMs = HEALTH_EVERY_MS } = this.#settings;
    let misses = 0;
    return setInterval(async () => {
      const answered = await fetch(healthUrl, { signal: AbortSignal.timeout(2 * healthEveryMs) })
        .then(() => true)
        .catch(() => false);
      misses = answered ? 0 : misses + 1;
      if (misses >= HEALTH_MISSES) child.kill("SIGKILL");
    }, healthEveryMs).unref();
  }
}

function readyLine(line: string): ReadyLine | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
