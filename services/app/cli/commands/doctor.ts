// `dspex doctor`: reads back from the server what the code relies on, and says what is not so.

import { statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { Command } from "commander";
import { MAX_PAYLOAD_BYTES } from "../../../../schemas/limits.ts";
import { beatSchema } from "../../../../schemas/messages/beat.ts";
import { ALL_BEATS, LOG_STREAM, SETUP_INFO_SUBJECT } from "../../../../schemas/subjects.ts";
import { credentialsFile } from "../../../broker/mod.ts";
import type { NatsConnection } from "../../../bus/connect.ts";
import type { SetupInfo } from "../../../keeper/mod.ts";
import {
  type Check,
  configurationChecks,
  diskCheck,
  durabilityChecks,
  logCheck,
  type PoolBeat,
  payloadCheck,
  poolCheck,
  routerCheck,
  servicesCheck,
} from "../checks.ts";
import { asRole, type CommandContext } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { table } from "../table.ts";

const EXAMPLES = `
Examples:
  dspex doctor
  dspex doctor --json | jq '.checks[] | select(.status != "ok")'

Exit code 1 when something is wrong; a warning alone is 0.`;

/** Pools whose work goes over the log. */
const POOLS = ["native", "general", "optimizer", "neural"];
const SERVICES = ["dspex-gateway", "dspex-programs"];
/** Beats come each second; a worker of a busy machine is killed only when it has been silent for four. */
const LISTEN_MS = 1_300;
const LISTEN_AT_MOST_MS = 4_500;
const SERVICES_MS = 3_000;
const LOOKS = 3;
const LOOK_AGAIN_MS = 300;

export function doctorCommand(context: CommandContext): Command {
  const { terminal, environment } = context;
  return new Command("doctor")
    .description("Checks that everything runs, and as the code relies on.")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async ({ json }: { json?: boolean }) => {
      const checks = await runChecks(context);
      const isWrong = checks.some(({ status }) => status === "wrong");
      if (json === true) terminal.json({ ok: !isWrong, home: environment.home, checks });
      else {
        const mark = { ok: "ok  ", warning: "look", wrong: "BAD " };
        const colour = { ok: "green", warning: "yellow", wrong: "red" } as const;
        const lines = table(checks.map(({ name, detail }) => [name, detail]));
        checks.forEach(({ status }, n) => {
          terminal.line(`${terminal.paint(colour[status], mark[status])}  ${lines[n]}`);
        });
      }
      if (isWrong) throw new Exit(EXIT.failed);
    });
}

async function runChecks(context: CommandContext): Promise<Check[]> {
  await using operator = await asRole(context, "operator");
  const { connection, target } = operator;
  const rttMs = await connection.rtt();
  const asked = askKeeper(connection);
  const [info, beats, services] = await Promise.all([
    asked,
    listenForBeats(connection, asked),
    listServices(connection),
  ]);
  const { home } = context.environment;
  const checks: Check[] = [
    homeCheck(home),
    {
      status: "ok",
      name: "server",
      detail: `${target.url}, nats-server ${connection.info?.version}, ${rttMs} ms away`,
    },
    payloadCheck(connection.info?.max_payload ?? 0, MAX_PAYLOAD_BYTES),
  ];
  if (info === undefined) {
    checks.push({
      status: "wrong",
      name: "keeper",
      detail: "does not answer: nobody keeps streams and followers",
    });
    return [...checks, ...servicesCheck(services, SERVICES)];
  }
  const log = info.streams.find(({ config }) => config.name === LOG_STREAM);
  const growth = log === undefined ? 0 : Math.max(log.config.max_bytes - log.state.bytes, 0);
  const disk = await statfs(home);
  return [
    ...checks,
    ...durabilityChecks(info),
    ...configurationChecks(info),
    logCheck(info),
    diskCheck(disk.bavail * disk.bsize, growth),
    ...servicesCheck(services, SERVICES),
    routerCheck(info),
    ...POOLS.map((pool) => poolCheck(info, pool, beats)),
  ];
}

function homeCheck(home: string): Check {
  const mode = statSync(credentialsFile(home)).mode & 0o777;
  const detail = `${home}, credentials readable by ${(mode & 0o077) === 0 ? "their owner alone" : `others too (mode ${mode.toString(8)})`}`;
  return { status: (mode & 0o077) === 0 ? "ok" : "wrong", name: "home", detail };
}

/**
 * What the keeper reads back from the server. Who takes messages asks for more before long, and is not there for that
 * moment: what looks as if nobody took them is looked at again.
 */
async function askKeeper(connection: NatsConnection): Promise<SetupInfo | undefined> {
  for (let looks = 1; ; looks++) {
    const answer = await connection
      .request(SETUP_INFO_SUBJECT, "", { timeout: 5_000 })
      .catch(() => undefined);
    const info = answer?.json() as SetupInfo | undefined;
    if (info === undefined || looks === LOOKS) return info;
    const isServed = routerCheck(info).status === "ok" && servedPools(info).length === POOLS.length;
    if (isServed) return info;
    await pause(LOOK_AGAIN_MS);
  }
}

function servedPools(info: SetupInfo | undefined): string[] {
  return info === undefined ? [] : POOLS.filter((pool) => poolCheck(info, pool, []).status === "ok");
}

/** For a moment; longer where somebody waits for a pool's work and has not been heard of. */
async function listenForBeats(
  connection: NatsConnection,
  asked: Promise<SetupInfo | undefined>,
): Promise<PoolBeat[]> {
  const beats = new Map<string, PoolBeat>();
  const subscription = connection.subscribe(ALL_BEATS, {
    callback: (error, message) => {
      if (error !== null) return; // not allowed to listen: the consumers tell whether work is taken
      const beat = beatSchema.safeParse(message.json());
      if (beat.success) beats.set(`${beat.data.pool}/${beat.data.worker}`, beat.data);
    },
  });
  const endsAt = performance.now() + LISTEN_AT_MOST_MS;
  await pause(LISTEN_MS);
  const served = servedPools(await asked);
  const isHeard = (pool: string) => [...beats.values()].some((beat) => beat.pool === pool);
  while (!served.every(isHeard) && performance.now() < endsAt) await pause(100);
  subscription.unsubscribe();
  return [...beats.values()].sort((a, b) => a.worker.localeCompare(b.worker));
}

/** Names of the micro services that answer; returns when all that are looked for have. */
async function listServices(connection: NatsConnection): Promise<string[]> {
  const names = new Set<string>();
  const answers = await connection.requestMany("$SRV.PING", "", { strategy: "timer", maxWait: SERVICES_MS });
  try {
    for await (const answer of answers) {
      names.add((answer.json() as { name: string }).name);
      if (SERVICES.every((name) => names.has(name))) break;
    }
  } catch {
    return [...names]; // nobody serves anything
  }
  return [...names];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
