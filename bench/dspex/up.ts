// DSPex's services in one process: the `dspex up` command itself, on the benchmark's server.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface RunningUp extends AsyncDisposable {
  readonly pid: number;
  /** The processes that it has started: a Python pool's, and its warm spare. */
  children(): number[];
}

const COMMAND = fileURLToPath(new URL("../../services/app/cli/bin.mjs", import.meta.url));
const ECHO_CONFIG = new URL("echo.config.ts", import.meta.url);
const STOP_MS = 15_000;

export async function startUp(settings: {
  home: string;
  url: string;
  parts: readonly string[];
  /** The application; absent = the one that echoes. */
  config?: URL;
  execArgv?: readonly string[];
}): Promise<RunningUp> {
  const { home, url, parts, config = ECHO_CONFIG, execArgv = [] } = settings;
  const application = ["--config", fileURLToPath(config), "--no-demo"];
  const up = ["up", "--nats-url", url, "--parts", parts.join(","), ...application];
  const child = spawn(process.execPath, [...execArgv, COMMAND, ...up], {
    env: { ...process.env, DSPEX_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-4_000);
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(timer);
  };
  await new Promise<void>((resolve, reject) => {
    let line = "";
    child.stdout.on("data", (text: Buffer) => {
      line += text.toString();
      if (/^ready /m.test(line)) resolve();
    });
    void exited.then(() => reject(new Error(`dspex up ended before it was ready:\n${said}`)));
  });
  const pid = child.pid as number;
  return { pid, children: () => childrenOf(pid), [Symbol.asyncDispose]: stop };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
