// The whole system as `dspex up` starts it, in a temporary home on a free port, with the application of ./app.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { type Ran, runDspex } from "../cli/run-dspex.ts";

export const BIN = fileURLToPath(new URL("../../services/app/cli/bin.mjs", import.meta.url));
export const APPLICATION = fileURLToPath(new URL("./app/dspex.config.ts", import.meta.url));

const READY_DEADLINE_MS = 120_000;

export interface RunningSystem extends AsyncDisposable {
  readonly home: string;
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  /** Standard output and standard error so far. */
  output(): string;
  client(): Promise<Dspex>;
  dspex(
    commandLine: readonly string[],
    interrupted?: AbortSignal,
    onOutput?: (text: string) => void,
  ): Promise<Ran>;
  /** Sends a signal and waits for the end of the process: its exit code, and how long it took. */
  end(signal: NodeJS.Signals): Promise<{ exitCode: number | null; tookMs: number }>;
}

export interface StartOptions {
  /** Keeps the home that is there, and leaves it in the end. */
  home?: string;
  arguments?: readonly string[];
}

export async function startSystem(options: StartOptions = {}): Promise<RunningSystem> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "dspex-e2e-"));
  const begun = performance.now();
  const flags = ["--port", "0", "--no-demo", "--ready-fd", "3", "--config", APPLICATION];
  const child = spawn(process.execPath, [BIN, "up", ...flags, ...(options.arguments ?? [])], {
    env: { ...process.env, DSPEX_HOME: home, DSPEX_LOG_LEVEL: "info", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const clients: Dspex[] = [];
  const dispose = async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    if (child.exitCode === null && child.signalCode === null) await endProcess(child, "SIGTERM");
    for (const { pid } of processesOf(home)) process.kill(pid, "SIGKILL");
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  try {
    const url = await readyUrl(child, () => output);
    return {
      home,
      url,
      pid: child.pid as number,
      readyMs: performance.now() - begun,
      output: () => output,
      async client() {
        const client = await connect({ home, url });
        clients.push(client);
        return client;
      },
      dspex: (commandLine, interrupted, onOutput) =>
        runDspex(commandLine, {
          home,
          ...(interrupted !== undefined && { interrupted }),
          ...(onOutput !== undefined && { onOutput }),
        }),
      end: (signal) => endProcess(child, signal),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Every process that was started with this home in its environment, children of children too. */
export function processesOf(home: string): { pid: number; command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      if (!environment.includes(`DSPEX_HOME=${home}`)) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      // One that has ended and is not yet waited for has no command line.
      if (command !== "") found.push({ pid: Number(name), command });
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

/** Looks again until `condition` gives something. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function readyUrl(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}; it said:\n${output()}`));
    const timer = setTimeout(() => fail(`not ready within ${READY_DEADLINE_MS} ms`), READY_DEADLINE_MS);
    createInterface({ input: child.stdio[3] as Readable }).once("line", (line) => {
      clearTimeout(timer);
      resolve(line.replace(/^ready /, ""));
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`it ended with ${code} before it was ready`);
    });
  });
}

function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals,
): Promise<{ exitCode: number | null; tookMs: number }> {
  const begun = performance.now();
  return new Promise((resolve) => {
    child.once("exit", (exitCode) => resolve({ exitCode, tookMs: performance.now() - begun }));
    child.kill(signal);
  });
}
