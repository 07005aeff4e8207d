// The log as the operator reads it: point reads, and followers of its own that end where the log ended.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LOG_SUBJECTS } from "../../../schemas/subjects.ts";
import { MAX_FOLLOWERS, ROLE_ROWS } from "../../broker/mod.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import { type Follower, follow } from "../../log/follow.ts";
import { LogReader } from "../../log/read.ts";
import { asRole, type CommandContext } from "./context.ts";
import { type EventMessage, type LogEvent, logEvent } from "./log-event.ts";

export interface ReadOptions {
  fromSequence: number;
  filters?: readonly string[];
  onMessage: (message: EventMessage) => void;
}

export class OperatorLog implements AsyncDisposable {
  readonly connection: NatsConnection;
  readonly reader: LogReader;
  readonly #folder: string;
  readonly #followers = new Set<Follower>();
  readonly #numbers = new Set<number>();

  private constructor(connection: NatsConnection, reader: LogReader, folder: string) {
    this.connection = connection;
    this.reader = reader;
    this.#folder = folder;
  }

  static async open(context: CommandContext): Promise<OperatorLog> {
    const { connection } = await asRole(context, "operator");
    const folder = join(context.environment.home, "operators");
    return new OperatorLog(connection, await LogReader.open(connection), folder);
  }

  /** Sequence of the log's last message; 0 while it is empty. */
  async lastSequence(): Promise<number> {
    // The role may ask for the last message under each of these, not for that of everything.
    const { directGet } = ROLE_ROWS.operator;
    const patterns = Array.isArray(directGet) ? (directGet as string[]) : LOG_SUBJECTS;
    const last = await Promise.all(patterns.map((pattern) => this.reader.last(pattern)));
    return Math.max(0, ...last.map((message) => message?.sequence ?? 0));
  }

  /** The first sequence at or after a time; one past the end when there is none. */
  async sequenceAt(timeMs: number): Promise<number> {
    let low = (await this.reader.next(">", 1))?.sequence ?? 1;
    let high = (await this.lastSequence()) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const message = await this.reader.next(">", middle);
      if (message === null || message.timeMs >= timeMs) high = middle;
      else low = message.sequence + 1;
    }
    return low;
  }

  /** Hands on what is in the log now, in order; resolves at its end. */
  async read(options: ReadOptions): Promise<void> {
    const follower = await this.follow(options);
    const failed = follower.ended.then((error) => {
      if (error !== undefined) throw error;
    });
    await Promise.race([follower.caughtUp, failed]);
    await follower.stop();
    this.#followers.delete(follower);
  }

  /** The same, and then what comes, until it is stopped. */
  async follow({ fromSequence, filters, onMessage }: ReadOptions): Promise<Follower> {
    const follower = await follow(this.connection, {
      role: "operator",
      n: this.#takeNumber(),
      fromSequence,
      filters,
      onMessage,
    });
    this.#followers.add(follower);
    return follower;
  }

  async event(sequence: number): Promise<LogEvent | undefined> {
    const message = await this.reader.at(sequence);
    return message === null ? undefined : logEvent(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#followers, (follower) => follower.stop()));
    for (const number of this.#numbers) rmSync(this.#file(number), { force: true });
    await this.connection.close();
  }

  /** Commands that run at once from one home must not take each other's follower away. */
  #takeNumber(): number {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (let number = 0; number < MAX_FOLLOWERS; number++) {
      if (!this.#numbers.has(number) && this.#lock(number)) {
        this.#numbers.add(number);
        return number;
      }
    }
    throw new Error(`${MAX_FOLLOWERS} commands read the log from this home already`);
  }

  #lock(number: number): boolean {
    const file = this.#file(number);
    try {
      const fd = openSync(file, "wx", 0o600);
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (isAlive(Number(readFileSync(file, "utf8")))) return false;
    rmSync(file, { force: true });
    return this.#lock(number);
  }

  #file(number: number): string {
    return join(this.#folder, `${number}.pid`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
