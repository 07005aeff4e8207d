// The ways in which the fuzzer sends a message, each counting what came of it.

import assert from "node:assert/strict";
import { ERROR_CODES } from "../../schemas/error-codes.ts";
import { MAX_PAYLOAD_BYTES } from "../../schemas/limits.ts";
import { createHeaders, type Msg, type NatsConnection } from "../../services/bus/connect.ts";
import type { MessageMaker } from "../kit/mutate.ts";
import type { SeededRandom } from "../kit/random.ts";
import type { ProcessSystem } from "../kit/start-processes.ts";

const ANSWER_MS = 20_000;
const PROGRAMS = ["tally", "tally_thread", "fails", "anything", "tally_python", "no_such_program"];
const TAILS = ["local.x.fine", "local.c.7", "other.x.stolen", "fine", "a.b.c.d", "local.log.1", "*"];

/** What follows the user in an API subject, by how a served one is told from others. */
const SERVED =
  /^(call|submit)\.[^.]+$|^(result|cancel|feedback|log|chunks)\..|^object\.(get|put(\.[^.]+\.[^.]+)?)$|^observe$|^program\.(register|list|describe|versions)$/;
const ADMIN_SERVED = /^program\.register$/;

export interface Tally {
  stored: number;
  refusedByServer: number;
  answered: number;
  errors: Map<string, number>;
  nobody: number;
  byPools: number;
}

/** The ways in which a message is sent, each counting what came of it. */
export async function sendersOf(
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
    const headers = headersOf(maker);
    pool.publish(subject, fitting(poolBody(random, maker, id), headers), { headers });
    await pool.flush();
  };
  const byPart = async () => {
    tally.byPools++;
    router.publish(
      `dspex-control.general.${random.pick(["any", "0"])}`,
      notDrain(maker.body()).subarray(0, MAX_PAYLOAD_BYTES),
    );
    await router.flush();
  };
  return [request, request, request, api, api, api, byPool, byPool, byPart];
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
/** What the client library would not even send is cut to what the server takes. */
function fitting(body: Uint8Array, headers: ReturnType<typeof headersOf>): Uint8Array {
  const taken = [...headers].reduce(
    (sum, [name, values]) => sum + name.length + Buffer.byteLength(values.join()) + 4,
    2_048,
  );
  return body.subarray(0, Math.max(0, MAX_PAYLOAD_BYTES - taken));
}

async function ask(
  connection: NatsConnection,
  subject: string,
  maker: MessageMaker,
): Promise<Msg | undefined> {
  const headers = headersOf(maker);
  const body = fitting(maker.body(), headers);
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
