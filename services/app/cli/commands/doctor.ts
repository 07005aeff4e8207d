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
/** Beats come each second. */
const LISTEN_MS = 1_300;

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
  const [info, beats, services] = await Promise.all([
    connection.request(SETUP_INFO_SUBJECT, "", { timeout: 5_000 }).then(
      (message) => message.json() as SetupInfo,
      () => undefined,
    ),
    listenForBeats(connection),
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

async function listenForBeats(connection: NatsConnection): Promise<PoolBeat[]> {
  const beats = new Map<string, PoolBeat>();
  const subscription = connection.subscribe(ALL_BEATS, {
    callback: (error, message) => {
      if (error !== null) return; // not allowed to listen: the consumers tell whether work is taken
      const beat = beatSchema.safeParse(message.json());
      if (beat.success) beats.set(`${beat.data.pool}/${beat.data.worker}`, beat.data);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, LISTEN_MS));
  subscription.unsubscribe();
  return [...beats.values()].sort((a, b) => a.worker.localeCompare(b.worker));
}

/** Names of the micro services that answer. */
async function listServices(connection: NatsConnection): Promise<string[]> {
  const names = new Set<string>();
  const answers = await connection.requestMany("$SRV.PING", "", {
    strategy: "stall",
    maxWait: 1_000,
    stall: 200,
  });
  try {
    for await (const answer of answers) names.add((answer.json() as { name: string }).name);
  } catch {
    return [...names]; // nobody serves anything
  }
  return [...names];
}
