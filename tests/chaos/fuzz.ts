// Random and mutated messages on every subject that a user or a pool can write: the scenario behind the short version
// in the suite and the long one in `npm run chaos`. Nothing may end, grow without bound or stay unanswered, and what is
// stored must stay readable.

import assert from "node:assert/strict";
import { connect, isDspexError } from "../../services/client/mod.ts";
import { MessageMaker } from "../kit/mutate.ts";
import { SeededRandom } from "../kit/random.ts";
import { type LogRecord, openLog } from "../kit/read-log.ts";
import { type ProcessSystem, startProcesses } from "../kit/start-processes.ts";
import { until } from "../kit/until.ts";
import { sendersOf, type Tally } from "./fuzz-senders.ts";

export interface FuzzOptions {
  seed: number;
  messages: number;
  say: (text: string) => void;
}

const AT_ONCE = 16;
/** Above the time in which what cannot be handled is given up. */
const ALL_ANSWERED_MS = 45_000;
const MAX_RSS_BYTES = 700 * 1_048_576;
export async function fuzz({ seed, messages, say }: FuzzOptions): Promise<void> {
  const random = new SeededRandom(seed);
  await using system = await startProcesses({ routers: 2, poolProcesses: 1, users: [{ name: "other" }] });
  const before = memory(system);
  const tally: Tally = {
    stored: 0,
    refusedByServer: 0,
    answered: 0,
    errors: new Map(),
    nobody: 0,
    byPools: 0,
  };
  const pids = system.poolPids();

  await using victims = await Victims.start(system);
  const senders = await sendersOf(system, new MessageMaker(random), random, tally);
  let left = messages;
  const sending = Array.from({ length: AT_ONCE }, async () => {
    try {
      while (left-- > 0) await random.pick(senders)();
    } catch (error) {
      left = 0;
      throw error;
    }
  });
  // The others end, too, before the system is taken from under them.
  await Promise.allSettled(sending);
  await Promise.all(sending);
  await victims.told();

  for (const [name, part] of system.parts) {
    assert.ok(part.alive, `${name} ended:\n${part.words}`);
    assert.ok(!/reader closed|unhandled|uncaught/i.test(part.words), `${name} says:\n${part.words}`);
    assert.ok(part.rssBytes < MAX_RSS_BYTES, `${name} uses ${part.rssBytes} bytes`);
  }
  assert.deepEqual(system.poolPids(), pids, "a pool's process ended");
  await goodRequestsWork(system);

  await using log = await openLog(system.nats);
  // Reads again what grew meanwhile, not each 10 ms.
  let read = 0;
  const isAnswered = () => log.records.length !== read && unansweredIn(log.records).length === 0;
  await until(() => {
    const answered = isAnswered();
    read = log.records.length;
    return answered;
  }, ALL_ANSWERED_MS).catch(() => {});
  assert.deepEqual(unansweredIn(log.records), []);
  const errors = [...tally.errors].map(([code, count]) => `${code} ${count}`).join(", ");
  say(
    `seed ${seed}: ${messages} messages: ${tally.stored} stored requests, ${tally.refusedByServer} refused by the server, ` +
      `${tally.answered} answers (${errors}), ${tally.nobody} to nobody, ${tally.byPools} by pools and parts`,
  );
  say(`memory in MB, before → after: ${compare(before, memory(system))}`);
}

/** Clients that wait while others forge what they wait for: they must be told, and keep working. */
class Victims implements AsyncDisposable {
  readonly #waiting: Promise<unknown>;
  readonly #close: () => Promise<void>;

  private constructor(waiting: Promise<unknown>, close: () => Promise<void>) {
    this.#waiting = waiting;
    this.#close = close;
    waiting.catch(() => {}); // awaited once everything was sent
  }

  static async start({ nats }: ProcessSystem): Promise<Victims> {
    const { user, password } = nats.login("local");
    const client = await connect({ url: nats.url, user, password, failFast: true });
    const run = await client
      .program("tally_slow")
      .submit({ key: "victim", ms: 8_000 }, { id: "victim", deadlineMs: 20_000 });
    const told = run.result().then(
      () => undefined,
      (error) => assert.ok(isDspexError(error), `an untyped error: ${error}`),
    );
    const others = (async () => {
      for (let n = 0; n < 20; n++) {
        assert.deepEqual(await client.program("tally")({ key: `victim-${n}` }), { seen: `victim-${n}` });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    return new Victims(Promise.all([told, others]), () => client.close());
  }

  async told(): Promise<void> {
    await this.#waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

async function goodRequestsWork(system: ProcessSystem): Promise<void> {
  for (const user of ["local", "other"]) {
    const { password } = system.nats.login(user);
    await using client = await connect({ url: system.nats.url, user, password, failFast: true });
    for (const program of ["tally", "tally_thread", "tally_python", "tally_fallback"]) {
      const key = `good-${user}-${program}`;
      assert.deepEqual(await client.program(program)({ key }, { deadlineMs: 15_000 }), { seen: key });
    }
    assert.ok((await client.programs()).some(({ name }) => name === "tally"));
  }
}

/** Stored requests without a result under any id that they may have. */
function unansweredIn(records: readonly LogRecord[]): string[] {
  const ids = new Set<string>();
  const answered = new Set<number>();
  for (const { subject, body } of records) {
    if (!subject.startsWith("dspex.result.")) continue;
    ids.add(subject.slice("dspex.result.".length));
    const request = (body as { data?: { log?: { request?: unknown } } } | null | undefined)?.data?.log
      ?.request;
    if (typeof request === "number") answered.add(request);
  }
  return records
    .filter(({ subject }) => subject.startsWith("dspex.request."))
    .filter((record) => !answered.has(record.sequence) && !namesOf(record).some((id) => ids.has(id)))
    .map(
      ({ sequence, subject, data, header }) =>
        `${sequence} ${subject} ${header("Dspex-Id")} ${Buffer.from(data).toString().slice(0, 200)}`,
    );
}

function namesOf({ subject, sequence, header, body }: LogRecord): string[] {
  const user = subject.split(".")[2];
  const named = [header("Dspex-Id"), (body as { data?: { id?: unknown } } | null | undefined)?.data?.id];
  return [
    ...named.filter((id) => typeof id === "string").flatMap((id) => [id, `${user}.x.${id}`]),
    `${user}.log.${sequence}`,
  ];
}

function memory(system: ProcessSystem): Map<string, number> {
  return new Map([...system.parts].map(([name, part]) => [name, Math.round(part.rssBytes / 1_048_576)]));
}

function compare(before: Map<string, number>, after: Map<string, number>): string {
  return [...after].map(([name, mb]) => `${name} ${before.get(name)} → ${mb}`).join(", ");
}
