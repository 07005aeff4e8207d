// Pure: what doctor makes of what it read: one line each, ok, worth a look, or wrong.

import { LOG_STREAM, ROUTER_REQUESTS_CONSUMER, workConsumer } from "../../../schemas/subjects.ts";
import type { SetupInfo } from "../../keeper/mod.ts";

export interface Check {
  status: "ok" | "warning" | "wrong";
  name: string;
  detail: string;
}

const ok = (name: string, detail: string): Check => ({ status: "ok", name, detail });
const warning = (name: string, detail: string): Check => ({ status: "warning", name, detail });
const wrong = (name: string, detail: string): Check => ({ status: "wrong", name, detail });

/** Above this the keeper cuts the head; much above, it could not. */
const FULL_SHARE = 0.85;
const LONG_SYNC_MS = 2_000;

export function durabilityChecks({ servers }: SetupInfo): Check[] {
  if (servers.length === 0) return [warning("durability", "the server does not tell how often it syncs")];
  return servers.map(({ name, version, syncAlways, syncIntervalMs }) => {
    const detail = syncAlways
      ? "every write is synced before it is acknowledged"
      : `synced each ${syncIntervalMs} ms: a power cut may cost that much, a crash of a process nothing`;
    const text = `${name} ${version}: ${detail}`;
    return !syncAlways && syncIntervalMs > LONG_SYNC_MS
      ? warning("durability", text)
      : ok("durability", text);
  });
}

export function configurationChecks({ differences, streams, consumers }: SetupInfo): Check[] {
  if (differences.length === 0) {
    return [
      ok(
        "configuration",
        `${streams.length} streams and ${consumers.length} consumers are as the code relies on`,
      ),
    ];
  }
  return differences.map(({ of, field, expected, actual }) =>
    wrong(
      "configuration",
      `${of}: ${field} is ${JSON.stringify(actual)}, relied on is ${JSON.stringify(expected)}`,
    ),
  );
}

export function logCheck({ streams }: SetupInfo): Check {
  const log = streams.find(({ config }) => config.name === LOG_STREAM);
  if (log === undefined) return wrong("log", `stream ${LOG_STREAM} is not there`);
  const { messages, bytes, first_seq: first, last_seq: last } = log.state;
  const share = log.config.max_bytes > 0 ? bytes / log.config.max_bytes : 0;
  const detail = `${messages.toLocaleString("en")} messages (#${first} to #${last}), ${mebibytes(bytes)} of ${mebibytes(log.config.max_bytes)}, ${log.config.num_replicas} replica(s)`;
  return share > FULL_SHARE ? warning("log", `${detail}: nearly full and not cut`) : ok("log", detail);
}

/** A consumer that nobody pulls from and that holds nothing has nobody who takes its messages. */
export function consumerCheck({ consumers }: SetupInfo, name: string, what: string, slots?: number): Check {
  const consumer = consumers.find((one) => one.name === name);
  if (consumer === undefined) return wrong(what, `consumer ${name} is not there`);
  const { num_waiting: waiting, num_ack_pending: held, num_pending: pending } = consumer;
  const numbers = `${held} in work, ${pending} waiting${slots === undefined ? "" : `, ${slots} slots`}`;
  if (waiting === 0 && held === 0) return wrong(what, `nobody takes its messages (${numbers})`);
  return ok(what, `takes work (${numbers})`);
}

export function routerCheck(info: SetupInfo): Check {
  return consumerCheck(info, ROUTER_REQUESTS_CONSUMER, "router");
}

export interface PoolBeat {
  pool: string;
  worker: string;
  busy: number;
  slots: number;
  rssBytes: number;
}

export function poolCheck(info: SetupInfo, pool: string, beats: readonly PoolBeat[]): Check {
  const check = consumerCheck(info, workConsumer(pool), `pool ${pool}`);
  const own = beats.filter((beat) => beat.pool === pool);
  const workers = own.map(
    ({ worker, busy, slots, rssBytes }) => `worker ${worker}: ${busy}/${slots} slots, ${mebibytes(rssBytes)}`,
  );
  return workers.length === 0 ? check : { ...check, detail: `${check.detail}; ${workers.join("; ")}` };
}

export function servicesCheck(names: readonly string[], expected: readonly string[]): Check[] {
  return expected.map((name) =>
    names.includes(name) ? ok(name, "answers") : wrong(name, "does not answer: its part of the API is down"),
  );
}

export function diskCheck(freeBytes: number, neededBytes: number): Check {
  const detail = `${mebibytes(freeBytes)} free where the log lies, it may still grow by ${mebibytes(neededBytes)}`;
  return freeBytes < neededBytes ? warning("disk", detail) : ok("disk", detail);
}

export function payloadCheck(actualBytes: number, expectedBytes: number): Check {
  return actualBytes === expectedBytes
    ? ok("max payload", `${actualBytes} bytes`)
    : wrong("max payload", `${actualBytes} bytes, relied on is ${expectedBytes}`);
}

export function mebibytes(bytes: number): string {
  const mebi = bytes / 1_048_576;
  return mebi >= 1_024 ? `${(mebi / 1_024).toFixed(1)} GiB` : `${mebi.toFixed(mebi < 10 ? 1 : 0)} MiB`;
}
