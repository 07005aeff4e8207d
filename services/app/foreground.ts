// `dspex up` as a person or a script meets it: progress while it starts, the ready line, the demo, and an orderly
// stop within ten seconds whatever asks for it.
//
//   signal ─▶ stop everything in order ─▶ exit          second signal, or 10 s later ─▶ kill what is left ─▶ exit

import { closeSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { createLogger } from "../../observability/mod.ts";
import { DspexError } from "../../schemas/errors.ts";
import { LOCAL_USER, readCredentials } from "../broker/mod.ts";
import type { CommandContext } from "./cli/context.ts";
import { EXIT } from "./cli/exit-codes.ts";
import { demoCalls, runDemo } from "./demo.ts";
import { isPartName, PART_NAMES, type PartName } from "./parts.ts";
import { type Running, up } from "./up.ts";

export interface UpFlags {
  port: number;
  sync: string;
  natsUrl?: string;
  parts?: string[];
  instance: number;
  config?: string;
  demo: boolean;
  readyFd?: number;
  json?: boolean;
  otlpEndpoint?: string;
  sampling?: number;
}

const STOP_WITHIN_MS = 10_000;

export async function runForeground(context: CommandContext, flags: UpFlags): Promise<void> {
  const { terminal, environment, interrupted } = context;
  const say = (text: string) => terminal.note(text);
  const logger = createLogger({ level: environment.logLevel ?? "warn" });
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  const tooLate = new AbortController();
  let late: NodeJS.Timeout | undefined;
  /** Also where a part still starts, or waits for a server that is gone. */
  const limitStop = () => {
    if (late !== undefined) return;
    late = setTimeout(() => {
      say(`not stopped within ${STOP_WITHIN_MS / 1_000} s: ending what is left`);
      tooLate.abort();
    }, STOP_WITHIN_MS - 500).unref();
    setTimeout(() => process.exit(process.exitCode ?? EXIT.failed), STOP_WITHIN_MS).unref();
  };
  interrupted.addEventListener("abort", limitStop, { once: true });

  const running = await up({
    environment,
    port: flags.port,
    syncInterval: flags.sync,
    natsUrl: flags.natsUrl,
    parts: partNames(flags.parts),
    instance: flags.instance,
    configPath: flags.config === undefined ? environment.configPath : resolve(flags.config),
    otlpEndpoint: flags.otlpEndpoint ?? environment.otlpEndpoint,
    sampling: flags.sampling,
    ended: AbortSignal.any([context.ended, tooLate.signal]),
    logger,
    onProgress: (what) => say(`${terminal.paint("dim", seconds().padStart(7))}  ${what}`),
  });
  try {
    await Promise.race([running.ready, running.failed, untilAborted(interrupted)]);
    if (!interrupted.aborted) {
      tellReady(context, flags, running);
      say(`${terminal.paint("green", "ready")} in ${seconds()}; Ctrl-C stops it`);
      if (flags.demo && running.hasEverything) await demo(context, running);
    }
    await Promise.race([running.failed, untilAborted(interrupted)]);
    say("stopping …");
  } finally {
    limitStop();
    await running.stop();
    clearTimeout(late);
  }
}

function partNames(given: string[] | undefined): readonly PartName[] {
  if (given === undefined) return PART_NAMES;
  return given.map((name) => {
    if (!isPartName(name))
      throw new DspexError(
        "invalid_inputs",
        `no part ${JSON.stringify(name)}; there are ${PART_NAMES.join(", ")}`,
      );
    return name;
  });
}

function tellReady({ terminal, environment }: CommandContext, flags: UpFlags, { url }: Running): void {
  const { readyFd, json } = flags;
  if (json === true) terminal.json({ ready: true, url, home: environment.home, pid: process.pid });
  else terminal.line(`ready ${url}`);
  if (readyFd === undefined) return;
  try {
    writeSync(readyFd, `ready ${url}\n`);
    closeSync(readyFd);
  } catch (cause) {
    throw new DspexError("invalid_inputs", `--ready-fd ${readyFd}: ${(cause as Error).message}`, { cause });
  }
}

/** As the user that every home has from the start, whatever the environment says. */
async function demo({ terminal, environment, interrupted }: CommandContext, running: Running): Promise<void> {
  const local = readCredentials(environment.home).users.find(({ name }) => name === LOCAL_USER);
  if (local === undefined) return;
  const login = { url: running.url, user: local.name, password: local.password };
  const calls = demoCalls(running.application.declarations);
  await runDemo({ terminal, login, calls, interrupted });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
