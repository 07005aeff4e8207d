// The embedded nats-server: the real binary as a process of its own, on loopback, with the configuration
// generated from the home's credentials. It outlives nothing: who starts it stops it, and one that was left behind
// by a killed starter is stopped by the next.
//
//   credentials ─▶ nats.conf ─▶ spawn ─▶ ports file appears = JetStream is recovered and clients may connect
//                                  └─▶ ends before that: the reason is in its log

import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, readFileSync, rmSync, statSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import { type Credentials, ensureCredentials } from "./credentials.ts";
import { BrokerError } from "./errors.ts";
import { findNatsServer } from "./find-binary.ts";
import {
  type HomeFiles,
  makeHomeFolder,
  removeServerRecord,
  runningServer,
  writeConfig,
  writeServerRecord,
} from "./home-files.ts";
import type { NatsConfigSettings } from "./nats-config.ts";
import { isAlive, waitForEnd } from "./process.ts";
import { reloadServer } from "./reload.ts";

export interface EmbeddedServerOptions {
  home: string;
  host?: string;
  /** 0 = a free one. */
  port?: number;
  /** 0 = a free one. */
  monitorPort?: number;
  /** `always` or how long acknowledged messages may wait for fsync. */
  syncInterval?: string;
  /** Path of the binary; found when absent. */
  binary?: string;
  /** Recovery of a large log counts in. */
  startTimeoutMs?: number;
}

export interface EmbeddedServer {
  readonly url: string;
  readonly monitorUrl: string;
  readonly pid: number;
  readonly home: string;
  readonly credentials: Credentials;
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Puts the home's present credentials into force; connections of users that stay are not touched. */
  reload(): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export const DEFAULT_PORT = 4_222;
const STOP_TIMEOUT_MS = 20_000;

/** @throws BrokerError `port-in-use`, `home-in-use`, `no-binary`, `start-failed` with the server's own last words. */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const home = resolve(options.home);
  const binary = options.binary ?? findNatsServer();
  const credentials = ensureCredentials(home);
  const files = makeHomeFolder(home);
  await stopOrphan(home);

  const settings: NatsConfigSettings = {
    host: options.host ?? "127.0.0.1",
    port: options.port ?? DEFAULT_PORT,
    monitorPort: options.monitorPort ?? 0,
    storeDir: files.folder,
    portsFileDir: files.folder,
    logFile: files.log,
    ...(options.syncInterval !== undefined && { syncInterval: options.syncInterval }),
  };
  writeConfig(home, settings, credentials);

  const started = new StartingServer(binary, files);
  const { url, monitorUrl } = await started.ready(options.startTimeoutMs ?? 120_000);
  const { child, exited } = started;
  const pid = child.pid as number;
  writeServerRecord(home, { pid, ownerPid: process.pid, url, monitorUrl, settings });
  // A starter that ends without stopping it takes it along; one that is killed cannot, its next start does.
  const takeAlong = () => child.kill("SIGTERM");
  process.once("exit", takeAlong);

  const stop = async (): Promise<void> => {
    process.off("exit", takeAlong);
    await endChild(child, exited);
    removeServerRecord(home);
  };
  return {
    url,
    monitorUrl,
    pid,
    home,
    credentials,
    exited,
    reload: () => reloadServer(home),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A server whose starter is gone still holds the home and its port: ends it, unless its starter lives. */
async function stopOrphan(home: string): Promise<void> {
  const left = runningServer(home);
  if (left === undefined) return;
  if (isAlive(left.ownerPid)) {
    throw new BrokerError(
      "home-in-use",
      `${JSON.stringify(home)} is in use: process ${left.ownerPid} runs its server at ${left.url}`,
    );
  }
  process.kill(left.pid, "SIGTERM");
  if (await waitForEnd(left.pid, STOP_TIMEOUT_MS)) return;
  process.kill(left.pid, "SIGKILL");
  await waitForEnd(left.pid, STOP_TIMEOUT_MS);
}

type Exit = { code: number | null; signal: NodeJS.Signals | null };

async function endChild(child: ChildProcess, exited: Promise<Exit>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

class StartingServer {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly #files: HomeFiles;
  readonly #portsFile: string;
  readonly #watcher: FSWatcher;
  /** The log goes on from earlier runs: what counts begins here. */
  readonly #logStart: number;
  #stderr = "";

  constructor(binary: string, files: HomeFiles) {
    this.#files = files;
    this.#logStart = statSync(files.log, { throwIfNoEntry: false })?.size ?? 0;
    this.#watcher = watch(files.folder);
    // A process group of its own: Ctrl-C must reach us first, so that the parts can drain while the broker serves.
    this.child = spawn(binary, ["-c", files.config], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr?.on("data", (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-4_000);
    });
    this.#portsFile = join(files.folder, `nats-server_${this.child.pid}.ports`);
    this.exited = new Promise((resolveExit) => {
      // "close" comes when its last words have been read, too.
      this.child.once("close", (code, signal) => resolveExit({ code, signal }));
      this.child.once("error", (error) => {
        this.#stderr += error.message;
        resolveExit({ code: null, signal: null });
      });
    });
  }

  async ready(timeoutMs: number): Promise<{ url: string; monitorUrl: string }> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"timeout">((resolveTimeout) => {
      timer = setTimeout(resolveTimeout, timeoutMs, "timeout");
    });
    try {
      const first = await Promise.race([this.#portsKnown(), this.exited, timeout]);
      if (first === "timeout") {
        await endChild(this.child, this.exited);
        throw new BrokerError("start-failed", `nats-server was not ready within ${timeoutMs} ms`);
      }
      if (!("url" in first)) throw this.#failure();
      this.child.stderr?.destroy();
      this.child.unref();
      return first;
    } finally {
      clearTimeout(timer);
      this.#watcher.close();
      rmSync(this.#portsFile, { force: true });
    }
  }

  #portsKnown(): Promise<{ url: string; monitorUrl: string }> {
    return new Promise((resolveReady) => {
      const look = () => {
        const ports = this.#readPorts();
        if (ports !== undefined) resolveReady(ports);
      };
      this.#watcher.on("change", look);
      look();
    });
  }

  #readPorts(): { url: string; monitorUrl: string } | undefined {
    try {
      const ports = JSON.parse(readFileSync(this.#portsFile, "utf8")) as {
        nats: [string];
        monitoring: [string];
      };
      return { url: ports.nats[0], monitorUrl: ports.monitoring[0] };
    } catch {
      return undefined; // not there yet, or half written: the next change tells
    }
  }

  #failure(): BrokerError {
    const log = readFileSync(this.#files.log, { encoding: "utf8", flag: "a+" }).slice(this.#logStart);
    const words = `${log}${this.#stderr}`;
    const taken = /listen tcp (\S+:\d+): bind: address already in use/.exec(words);
    if (taken !== null) return new BrokerError("port-in-use", `${taken[1]} is already in use`);
    const last = words.trimEnd().split("\n").slice(-3).join(" | ");
    return new BrokerError("start-failed", `nats-server ended before it was ready: ${last}`);
  }
}
