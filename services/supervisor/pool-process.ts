// One pool process of the operating system: started, listened to over its pipe, told things over its standard
// input, and ended. Knows nothing of pools and names; `decide` does.
//
//   stdin  ◀─ {"take": {…}}; its end means that we are gone, and the process ends
//   fd 3   ─▶ warm · ready · held · released · recycle   (JSON lines)
//   stdout, stderr ─▶ log file; warnings also to our own log

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Held } from "./action.ts";
import { onLines } from "./lines.ts";
import { type PipeLine, readPipeLine } from "./pipe-line.ts";

export interface ProcessExit {
  exitCode: number | null;
  signal: string | null;
  held: Held[];
  /** The last line on standard error that is no log line, or why it could not be started. */
  lastWords: string;
}

export interface ProcessListener {
  onWarm(): void;
  onReady(modules: readonly string[]): void;
  onRecycle(reason: string): void;
  onOutput(line: string, source: "stdout" | "stderr"): void;
  /** Once, after everything else. */
  onExit(exit: ProcessExit): void;
}

export interface ProcessCommand {
  executable: string;
  arguments: string[];
  environment: Record<string, string>;
}

export const SUPERVISOR_FD = 3;
/** More than a process ever has in hand: what it runs is code that users wrote. */
const MAX_HELD = 8_192;
/** What was written to the pipe before the end is there at once; a grandchild that holds it open is not waited for. */
const PIPE_END_MS = 250;

export class PoolProcess {
  readonly #child: ChildProcess;
  readonly #listener: ProcessListener;
  readonly #held = new Map<string, number>();
  #lastWords = "";

  constructor(command: ProcessCommand, listener: ProcessListener) {
    this.#listener = listener;
    // A process group of its own: Ctrl-C reaches us alone, and its children can be ended with it.
    this.#child = spawn(command.executable, command.arguments, {
      env: command.environment,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#child.stdin?.on("error", () => {}); // it ended just now, which `exit` tells
    const pipe = this.#child.stdio[SUPERVISOR_FD] as Readable;
    onLines(pipe, (line) => this.#onPipe(line));
    onLines(this.#child.stdout, (line) => listener.onOutput(line, "stdout"));
    onLines(this.#child.stderr, (line) => {
      // Log lines say what was well; what ends a process is a traceback's last line.
      if (line.trim() !== "" && !line.startsWith("{")) this.#lastWords = line;
      listener.onOutput(line, "stderr");
    });
    const pipeEnd = new Promise<void>((resolve) => pipe.once("close", resolve));
    this.#child.once("error", (error) => {
      this.#lastWords = error.message;
      if (this.#child.pid === undefined) void this.#onExit(pipeEnd, null, null);
    });
    this.#child.once("exit", (code, signal) => void this.#onExit(pipeEnd, code, signal));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Gives a warm spare its name. */
  take(worker: string, incarnation: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ take: { worker, incarnation } })}\n`);
  }

  /** It takes nothing more, finishes what it holds, and ends. */
  drain(): void {
    this.#child.kill("SIGTERM");
  }

  /** Ends it and all that it started. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  #onPipe(text: string): void {
    const line: PipeLine | undefined = readPipeLine(text);
    if (line === undefined) return;
    if (line.held !== undefined) {
      if (this.#held.size < MAX_HELD) this.#held.set(line.held, line.sequence ?? 0);
    } else if (line.released !== undefined) this.#held.delete(line.released);
    else if (line.warm === true) this.#listener.onWarm();
    else if (line.ready === true) this.#listener.onReady(line.modules ?? []);
    else if (line.recycle !== undefined) this.#listener.onRecycle(line.recycle);
  }

  async #onExit(pipeEnd: Promise<void>, exitCode: number | null, signal: string | null): Promise<void> {
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, PIPE_END_MS);
    await Promise.race([pipeEnd, timeout.promise]);
    clearTimeout(timer);
    this.kill();
    const held = Array.from(this.#held, ([ackSubject, sequence]) => ({ ackSubject, sequence }));
    this.#listener.onExit({ exitCode, signal, held, lastWords: this.#lastWords });
  }
}
