// Kills processes under load, then has the log checked from outside: the scenario behind the short version in the
// suite and the long one in `npm run chaos`.

import assert from "node:assert/strict";
import { apiSubject } from "../../schemas/subjects.ts";
import { connect } from "../../services/client/mod.ts";
import { checkLog, type LogReport } from "../kit/check-log.ts";
import { SeededRandom } from "../kit/random.ts";
import { readLog } from "../kit/read-log.ts";
import { LoadClient, type Mix, planLoad } from "../kit/start-load.ts";
import { type ProcessSystem, type RecordedRun, startProcesses } from "../kit/start-processes.ts";

/**
 * What is killed. `router` = one of two, its successor starts at once; `lone-router` = one stays away while the other
 * is killed and started; `outage` = the server stays away for `outageMs`.
 */
export type Fault = "router" | "lone-router" | "pool" | "client" | "server" | "outage";

export interface KillUnderLoad {
  seed: number;
  requests: number;
  clients: number;
  /** Requests come in so many bursts over this time. */
  bursts: number;
  loadMs: number;
  /** In this order, each just after the start of a burst, so that something is always in hand. */
  faults: readonly Fault[];
  outageMs: number;
  mix: Mix;
  poolProcesses: number;
  /** Of the routers' consumers; the contract's where absent. */
  routerAckWaitMs?: number;
  /** Longest wait for all results after the last fault. */
  patienceMs: number;
  say: (text: string) => void;
}

/** Between the look for a result and the run: what is stored in between is found by the next look only. */
const DECIDED_MS = 100;

interface Moment {
  fault: Fault;
  /** Clock time, as the log's. */
  atMs: number;
}

export async function killUnderLoad(options: KillUnderLoad): Promise<void> {
  const { seed, say, poolProcesses, routerAckWaitMs } = options;
  const random = new SeededRandom(seed);
  await using system = await startProcesses({
    routers: 2,
    poolProcesses,
    ...(routerAckWaitMs !== undefined && { routerAckWaitMs }),
  });
  const burstsAtMs = Array.from({ length: options.bursts }, (_, n) => (n * options.loadMs) / options.bursts);
  const clients = Array.from({ length: options.clients }, (_, n) => {
    const name = `c${n}`;
    const count = Math.ceil(options.requests / options.clients);
    const requests = planLoad(random, { name, count, burstsAtMs, mix: options.mix });
    return new LoadClient(system.nats, name, requests);
  });
  try {
    await Promise.all(clients.map((client) => client.start()));
    const finished = Promise.all(clients.map((client) => client.finished));
    finished.catch(() => {}); // awaited below, after the faults
    const moments = await inflict(system, clients, random, burstsAtMs, options);
    await within(options.patienceMs, finished, () => unfinished(clients));
    const report = checkLog(await readLog(system.nats));
    say(`seed ${seed}: ${JSON.stringify(report.counts)}`);
    const recoveries = moments.map(({ fault, atMs }) => ({ fault, ms: recoveryMs(report, atMs) }));
    for (const { fault, ms } of recoveries) say(`${fault}: recovered after ${ms} ms`);
    say(`longest recovery: ${Math.max(...recoveries.map(({ ms }) => ms))} ms`);
    verify(system, clients, report, say);
    await partsServe(system, options.mix);
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}

async function inflict(
  system: ProcessSystem,
  clients: readonly LoadClient[],
  random: SeededRandom,
  burstsAtMs: readonly number[],
  { faults, outageMs }: KillUnderLoad,
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const startedAt = performance.now();
  for (const [index, fault] of faults.entries()) {
    // Spread over the bursts, not before the one that is next.
    const agedMs = performance.now() - startedAt;
    const wanted = burstsAtMs[Math.floor(((index + random.next()) * burstsAtMs.length) / faults.length)] ?? 0;
    const burstMs = wanted >= agedMs ? wanted : (burstsAtMs.find((atMs) => atMs >= agedMs) ?? agedMs);
    const inMs = burstMs - agedMs + random.between(5, 80);
    await new Promise((resolve) => setTimeout(resolve, inMs));
    moments.push({ fault, atMs: Date.now() });
    await inflictOne(system, clients, random, fault, outageMs);
  }
  return moments;
}

async function inflictOne(
  system: ProcessSystem,
  clients: readonly LoadClient[],
  random: SeededRandom,
  fault: Fault,
  outageMs: number,
): Promise<void> {
  switch (fault) {
    case "router": {
      const instance = random.between(1, 3);
      await system.part(`router/${instance}`).kill9();
      await system.startPart("router", instance);
      return;
    }
    case "lone-router":
      await system.part("router/2").kill9();
      await system.part("router/1").kill9();
      await system.startPart("router", 1);
      await system.startPart("router", 2);
      return;
    case "pool": {
      const pids = system.poolPids();
      if (pids.length > 0) process.kill(random.pick(pids), "SIGKILL");
      return;
    }
    case "client": {
      const left = clients.filter(({ isFinished }) => !isFinished);
      if (left.length > 0) await random.pick(left).kill9();
      return;
    }
    case "server":
    case "outage":
      await system.nats.kill9();
      if (fault === "outage") await new Promise((resolve) => setTimeout(resolve, outageMs));
      await system.nats.restart();
      return;
    default:
      fault satisfies never;
  }
}

/** Every promise of the contract, against what the clients were told and what the programs recorded. */
function verify(
  system: ProcessSystem,
  clients: readonly LoadClient[],
  report: LogReport,
  say: (text: string) => void,
): void {
  assert.deepEqual(report.problems, []);
  const told = clients.flatMap((client) => [...client.told]);
  for (const [key, { id, result }] of told) {
    const stored = report.results.get(id);
    assert.ok(stored !== undefined, `${id} was acknowledged and is not in the log`);
    assert.deepEqual(
      { status: result?.status, outputs: result?.outputs },
      { status: "succeeded", outputs: { seen: key } },
      `${id}: ${JSON.stringify(result?.error)}`,
    );
    assert.deepEqual(stored.outputs, result?.outputs, `${id} was told something else than was stored`);
  }
  const runs = new Map<string, RecordedRun[]>();
  for (const run of system.runs()) runs.set(run.key, [...(runs.get(run.key) ?? []), run]);
  const late = told.flatMap(([key, { id }]) => {
    const resultMs = report.times.get(id)?.resultMs ?? 0;
    return (runs.get(key) ?? [])
      .filter(({ atMs }) => atMs > resultMs + DECIDED_MS)
      .map(
        ({ atMs, pid }) => `${report.results.get(id)?.program} ${id} after ${atMs - resultMs} ms by ${pid}`,
      );
  });
  const again = [...runs.values()].reduce((sum, { length }) => sum + length - 1, 0);
  const lives = clients.reduce((sum, client) => sum + client.lives, 0);
  say(
    `${told.length} answered to clients of ${lives} lives, ${runs.size} keys run, ${again} runs more than one a key`,
  );
  assert.deepEqual(late, [], "runs of what was finished");
  for (const name of ["programs/1", "gateway/1", "router/1", "router/2"])
    assert.ok(system.part(name).alive, `${name} ended: ${system.part(name).words}`);
}

/** What nobody asked for meanwhile has come back, too: the registry of programs, the gateway, the pool. */
async function partsServe({ nats }: ProcessSystem, mix: Mix): Promise<void> {
  const { user, password } = nats.login("local");
  await using client = await connect({ url: nats.url, user, password, failFast: true });
  const names = (await client.programs()).map(({ name }) => name);
  for (const [program] of mix) {
    assert.ok(names.includes(program), `${program} is not registered any more`);
    const body = JSON.stringify({ key: `served-${program}` });
    const subject = apiSubject(user, `call.${program}`);
    const answer = await client.connection.request(subject, body, { timeout: 10_000 });
    assert.deepEqual(answer.json(), { seen: `served-${program}` });
  }
}

/** A server still sends to a process that has just died; what it sent counts with the fault. */
const AFTERMATH_MS = 500;

/** From a fault until everything was answered that was open then. */
function recoveryMs(report: LogReport, faultMs: number): number {
  let longest = 0;
  for (const { requestMs, resultMs } of report.times.values()) {
    const concerned = requestMs <= faultMs + AFTERMATH_MS && resultMs > faultMs;
    if (concerned) longest = Math.max(longest, resultMs - faultMs);
  }
  return longest;
}

function unfinished(clients: readonly LoadClient[]): string {
  return clients
    .flatMap(({ told }) => [...told].filter(([, { result }]) => result === undefined))
    .slice(0, 20)
    .map(([key, { id, acknowledged }]) => `${key} ${id}${acknowledged ? " acknowledged" : ""}`)
    .join("\n");
}

async function within<T>(ms: number, work: Promise<T>, left: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not finished within ${ms} ms:\n${left()}`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
