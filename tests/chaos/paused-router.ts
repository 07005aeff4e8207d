// One of two routers stands still for longer than the server waits for it: what it had in hand goes to the other. When
// it wakes up it still has all of that in its memory and in its socket, and must not do it again.

import assert from "node:assert/strict";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { checkLog } from "../kit/check-log.ts";
import { SeededRandom } from "../kit/random.ts";
import { readLog } from "../kit/read-log.ts";
import { routersPending } from "../kit/routers-pending.ts";
import { startProcesses } from "../kit/start-processes.ts";
import { until } from "../kit/until.ts";

export interface PausedRouter {
  seed: number;
  requests: number;
  /** Of the routers' consumers; the contract's where absent. */
  ackWaitMs?: number;
  pauseMs: number;
  say: (text: string) => void;
}

export async function pausedRouter({ seed, requests, ackWaitMs, pauseMs, say }: PausedRouter): Promise<void> {
  const random = new SeededRandom(seed);
  await using system = await startProcesses({
    routers: 2,
    ...(ackWaitMs !== undefined && { routerAckWaitMs: ackWaitMs }),
  });
  const { user, password } = system.nats.login("local");
  await using client = await connect({ url: system.nats.url, user, password, failFast: true });
  const paused = system.part("router/1");

  const burst = (name: string) => send(client, random, name, Math.ceil(requests / 3));
  const before = burst("before");
  paused.pause();
  const during = burst("during");
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  // What it had has come to the other router by now.
  await Promise.all([...before, ...during]);
  const ranBefore = system.runs().length;
  paused.resume();
  const after = burst("after");
  await Promise.all(after);
  await until(async () => (await routersPending(system.nats)) === 0, 60_000);

  const report = checkLog(await readLog(system.nats));
  assert.deepEqual(report.problems, []);
  const resultMs = new Map<string, number>();
  for (const [id, { outputs }] of report.results) {
    resultMs.set(String(outputs?.seen), report.times.get(id)?.resultMs ?? 0);
  }
  const late = system.runs().filter(({ key, atMs }) => atMs > (resultMs.get(key) ?? 0));
  say(
    `seed ${seed}: ${report.counts.results} results, ${system.runs().length} runs, ` +
      `${ranBefore} of them before the router went on`,
  );
  assert.deepEqual(late, [], "runs of what was finished");
}

function send(client: Dspex, random: SeededRandom, name: string, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, async (_, n) => {
    const key = `${name}-${n}`;
    const answer = await client.program(random.pick(["tally", "tally_thread"]))({ key });
    assert.deepEqual(answer, { seen: key });
  });
}
