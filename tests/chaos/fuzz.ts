// Random and mutated messages on every subject that a user or a pool can write: the scenario behind the short version
// in the suite and the long one in `npm run chaos`. Nothing may end, grow without bound or stay unanswered, and what is
// stored must stay readable.

import assert from "node:assert/strict";
import { ERROR_CODES } from "../../schemas/error-codes.ts";
import { createHeaders, type Msg, type NatsConnection } from "../../services/bus/connect.ts";
import { connect, isDspexError } from "../../services/client/mod.ts";
import { MessageMaker } from "../kit/mutate.ts";
import { SeededRandom } from "../kit/random.ts";
import { type LogRecord, openLog } from "../kit/read-log.ts";
import { type ProcessSystem, startProcesses } from "../kit/start-processes.ts";
import { until } from "../kit/until.ts";

export interface FuzzOptions {
  seed: number;
  messages: number;
  say: (text: string) => void;
}

const AT_ONCE = 16;
const ANSWER_MS = 20_000;
/** Above the time in which what cannot be handled is given up. */
const ALL_ANSWERED_MS = 45_000;
const MAX_RSS_BYTES = 700 * 1_048_576;
const PROGRAMS = ["tally", "tally_thread", "fails", "anything", "tally_python", "no_such_program"];
const TAILS = ["local.x.fine", "local.c.7", "other.x.stolen", "fine", "a.b.c.d", "local.log.1", "*"];

/** What follows the user in an API subject, by how a served one is told from others. */
const SERVED =
  /^(call|submit)\.[^.]+$|^(result|cancel|feedback|log|chunks)\..|^object\.(get|put(\..+)?)$|^observe$|^program\.(register|list|describe|versions)$/;
const ADMIN_SERVED = /^program\.register$/;

interface Tally {
  stored: number;
  refusedByServer: number;
  answered: number;
  errors: Map<string, number>;
  nobody: number;
  byPools: number;
}

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

  const victims = await Victims.start(system);
  const senders = await Sender.all(system, new MessageMaker(random), random, tally);
  let left = messages;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await random.pick(senders)();
    }),
  );
  await victims.end();

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

/** The ways in which a message is sent, each counting what came of it. */
class Sender {
  static async all(
    system: ProcessSystem,
    maker: MessageMaker,
    random: SeededRandom,
    tally: Tally,
  ): Promise<(() => Promise<void>)[]> {
    const { nats } = system;
    const [local, other, pool, router] = await Promise.all([
      nats.connectAs("local"),
      nats.connectAs("other"),
      nats.connectAs("pool-general"),
      nats.connectAs("router"),
    ]);
    const user = () => random.pick([["local", local] as const, ["other", other] as const]);

    const request = async () => {
      const [name, connection] = user();
      const answer = await ask(connection, `dspex.request.${name}.${maker.token(PROGRAMS)}`, maker);
      // The server's own refusals (a header's expectation) and those of its export are no answers of ours.
      if (answer !== undefined && answer.json<{ error?: unknown }>().error === undefined) tally.stored++;
      else tally.refusedByServer++;
    };
    const api = async () => {
      const [name, connection] = user();
      const admin = random.next() < 0.2;
      const verb = apiVerb(random, maker);
      const subject = `${admin ? "dspex-admin" : "dspex-api"}.${name}.${verb}`;
      const answer = await ask(connection, subject, maker);
      const served = admin ? name === "local" && ADMIN_SERVED.test(verb) : SERVED.test(verb);
      if (answer === undefined) {
        assert.ok(!served, `${subject} was not answered`);
        tally.nobody++;
        return;
      }
      tally.answered++;
      if (answer.headers?.get("Nats-Service-Error-Code")) {
        const { code, message } = answer.json<{ code: string; message: string }>();
        assert.ok(Object.hasOwn(ERROR_CODES, code), `${subject}: ${code} is no code`);
        assert.notEqual(message, "");
        assert.notEqual(code, "internal", `${subject}: ${answer.string().slice(0, 500)}`);
        tally.errors.set(code, (tally.errors.get(code) ?? 0) + 1);
      }
    };
    const byPool = async () => {
      tally.byPools++;
      const id = random.pick(["local.x.victim", "local.c.1", "other.c.1", "local.x.never", "a.b.c"]);
      const subject = random.pick([
        `dspex.result.${id}`,
        "dspex.event.attempt.failed",
        "dspex.event.request.superseded",
        `dspex-chunk.${id}`,
        "dspex-beat.general.0",
        "dspex-pool.general.modules",
        `dspex-tool.general.call.${random.pick(PROGRAMS)}`,
      ]);
      pool.publish(subject, poolBody(random, maker, id), { headers: headersOf(maker) });
      await pool.flush();
    };
    const byPart = async () => {
      tally.byPools++;
      router.publish(`dspex-control.general.${random.pick(["any", "0"])}`, notDrain(maker.body()));
      await router.flush();
    };
    return [request, request, request, api, api, api, byPool, byPool, byPart];
  }
}

/** Clients that wait while others forge what they wait for: they must be told, and keep working. */
class Victims {
  readonly #waiting: Promise<unknown>;
  readonly #close: () => Promise<void>;

  private constructor(waiting: Promise<unknown>, close: () => Promise<void>) {
    this.#waiting = waiting;
    this.#close = close;
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

  async end(): Promise<void> {
    await this.#waiting;
    await this.#close();
  }
}

function apiVerb(random: SeededRandom, maker: MessageMaker): string {
  const word = random.pick([
    "call",
    "submit",
    "result",
    "cancel",
    "feedback",
    "log",
    "chunks",
    "object",
    "observe",
    "program",
    "variable",
    "policy",
    "session",
    "pipeline",
    "explain",
    "telemetry",
  ]);
  switch (word) {
    case "call":
    case "submit":
      return `${word}.${maker.token(PROGRAMS)}`;
    case "object":
      return random.pick(["object.put", "object.get", "object.put.none.0", "object.put.a.b.c"]);
    case "observe":
      return word;
    case "program":
      return `program.${random.pick(["register", "list", "describe", "versions", "nothing"])}`;
    case "variable":
    case "policy":
    case "session":
    case "pipeline":
    case "telemetry":
      return `${word}.list`;
    default:
      return `${word}.${random.pick(TAILS.slice(0, -1))}`;
  }
}

/** Something like what a pool writes there, so that more than the first check is reached. */
function poolBody(random: SeededRandom, maker: MessageMaker, id: string): Uint8Array {
  if (random.next() < 0.4) return maker.body();
  const error = {
    code: random.pick(["lm_timeout", "no_such_code", "", 7]),
    message: random.pick(["m", 7]),
    retryable: true,
    retryAfterMs: random.pick([0, 1e15, -1, "x"]),
  };
  const data = {
    id,
    attempt: random.pick([1, 2, -1, 1e300, "1"]),
    status: random.pick(["failed", "succeeded", "nothing"]),
    implementation: random.pick(["inline", "", 7]),
    pool: "general",
    worker: "0",
    outputs: random.pick([null, {}, { seen: 7 }]),
    error,
    startedAt: "x",
    durationMs: 1,
    attempts: random.pick([[], null, [{}]]),
    plan: random.pick([[], [{ step: "retry", implementation: "inline", delayMs: 1e15 }], "no plan"]),
    requestSequence: random.pick([0, 1, 1e15, "x"]),
    workSequence: 0,
    log: random.pick([{ request: 1, work: [], failures: [] }, {}, null]),
    modules: random.pick([
      [],
      [{ name: "tally", signature: "key: str -> seen: str" }],
      [{ name: 7 }],
      "none",
    ]),
  };
  return new TextEncoder().encode(
    JSON.stringify({ specversion: "1.0", id: "e", source: "s", type: "t", data }),
  );
}

/** A well-formed order to drain is obeyed, which is no crash. */
function notDrain(body: Uint8Array): Uint8Array {
  return Buffer.from(body).includes("drain") ? new Uint8Array() : body;
}

function headersOf(maker: MessageMaker) {
  const headers = createHeaders();
  for (const [name, value] of maker.headers()) headers.append(name, value);
  return headers;
}

/** Undefined = nobody listens there. @throws when whoever listens does not answer. */
async function ask(
  connection: NatsConnection,
  subject: string,
  maker: MessageMaker,
): Promise<Msg | undefined> {
  const headers = headersOf(maker);
  let body = maker.body();
  const room =
    1_048_576 -
    2_048 -
    [...headers].reduce((sum, [name, values]) => sum + name.length + Buffer.byteLength(values.join()) + 4, 0);
  if (body.length > room) body = body.subarray(0, Math.max(0, room));
  try {
    return await connection.request(subject, body, { headers, timeout: ANSWER_MS });
  } catch (error) {
    const { name, message } = error as Error;
    if (/no responders/i.test(message)) return undefined;
    throw new Error(
      `${subject} (${body.length} bytes, ${Buffer.from(body).toString().slice(0, 300)}; ${[...headers].map(([key, values]) => `${key}: ${values.join().slice(0, 60)}`).join("; ")}): ${name} ${message}`,
    );
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
