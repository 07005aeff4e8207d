// A part or a load of a test in a process of its own, so that it can really be killed. It tells what it does by JSON
// lines on standard output, the first of which is `{"ready": true}`; its end comes with the end of its standard input.
//
//   const router = await startChild("router/1", { entry, settings });
//   await router.kill9();

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export type ChildLine = Record<string, unknown>;

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** The module that the process runs. */
  entry: URL;
  /** What `childSettings` gives it. */
  settings: object;
  environment?: Record<string, string>;
  onLine?: (line: ChildLine) => void;
}

const READY_MS = 150_000;
const MAX_WORDS = 200;
const PAGE_BYTES = 4_096;

export class Child {
  readonly name: string;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<ChildExit>;
  readonly #process: ChildProcess;
  readonly #words: string[] = [];
  readonly #ready = Promise.withResolvers<void>();
  #exit: ChildExit | undefined;

  constructor(name: string, { entry, settings, environment, onLine = () => {} }: ChildOptions) {
    this.name = name;
    this.#process = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry.pathname], {
      env: { ...process.env, ...environment, DSPEX_TEST_PROCESS: JSON.stringify(settings) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    // `close` comes after the last line that it told.
    this.exited = once(this.#process, "close").then(([code, signal]) => {
      this.#exit = { code, signal };
      this.#ready.reject(new Error(`${name} ended before it was ready:\n${this.words}`));
      return this.#exit;
    });
    this.#ready.promise.catch(() => {});
    this.#process.stdin?.on("error", () => {}); // it is gone, which `exited` tells
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on("line", (text) => {
      const line = parse(text);
      if (line === undefined) this.#hear(text);
      else if (line.ready === true) this.#ready.resolve();
      else onLine(line);
    });
    createInterface({ input: this.#process.stderr as NodeJS.ReadableStream }).on("line", (text) => {
      this.#hear(text);
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }
  get alive(): boolean {
    return this.#exit === undefined;
  }
  /** The last lines that were no JSON of ours: what it logged, or what ended it. */
  get words(): string {
    return this.#words.join("\n");
  }
  /** Resident memory. */
  get rssBytes(): number {
    return Number(readFileSync(`/proc/${this.pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  }

  async ready(): Promise<this> {
    const timer = setTimeout(
      () => this.#ready.reject(new Error(`${this.name} was not ready within ${READY_MS} ms:\n${this.words}`)),
      READY_MS,
    );
    await this.#ready.promise.finally(() => clearTimeout(timer));
    return this;
  }

  async kill9(): Promise<void> {
    if (this.#exit === undefined) this.#process.kill("SIGKILL");
    await this.exited;
  }
  /** Stands still like a process that the machine does not let run; its connection stays open. */
  pause(): void {
    this.#process.kill("SIGSTOP");
  }
  resume(): void {
    this.#process.kill("SIGCONT");
  }

  #hear(text: string): void {
    this.#words.push(text);
    if (this.#words.length > MAX_WORDS) this.#words.shift();
  }
}

/** Starts a process and waits until it says that it is ready. */
export async function startChild(name: string, options: ChildOptions): Promise<Child> {
  const child = new Child(name, options);
  try {
    return await child.ready();
  } catch (error) {
    await child.kill9();
    throw error;
  }
}

/** What `startChild` was given, inside the process; ends the process when its starter is gone. */
export function childSettings<Settings>(): Settings {
  process.stdin.on("end", () => process.exit(0)).resume();
  return JSON.parse(process.env.DSPEX_TEST_PROCESS ?? "{}") as Settings;
}

export function tellStarter(line: ChildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function parse(text: string): ChildLine | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as ChildLine;
  } catch {
    return undefined; // torn by a kill
  }
}
