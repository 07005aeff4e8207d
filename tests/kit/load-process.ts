// The inside of a load's process: sends requests in every way that there is, each at its time, and tells what was sent,
// what was acknowledged and what came back. A successor of one that was killed sends what its predecessor had not got
// an acknowledgement for, under the same ids, and fetches the results by id.

import { parseJson } from "../../schemas/envelope/json.ts";
import { isDspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { apiSubject, requestSubject } from "../../schemas/subjects.ts";
import { createHeaders, type NatsConnection } from "../../services/bus/connect.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { childSettings, tellStarter } from "./child-process.ts";

/** How a request is sent. `library` = the client library; `event`, `bare` = published as is; the others by the API. */
export type Way = "library" | "event" | "bare" | "submit" | "call";

export interface LoadRequest {
  /** The request's only input; also in its id where it has a chosen one. */
  key: string;
  program: string;
  way: Way;
  /** After the start of the load, ms. */
  atMs: number;
  /** Known when a predecessor has sent it. */
  id?: string;
  acknowledged?: boolean;
}

export interface LoadSettings {
  natsUrl: string;
  user: string;
  password: string;
  requests: LoadRequest[];
}

/** Lines that the process tells: `sent`, `acknowledged` and `result` by key, then `finished`. */
export type LoadLine =
  | { told: "sent" | "acknowledged"; key: string; id: string }
  | { told: "result"; key: string; id: string; result: Pick<Result, "status" | "outputs" | "error"> }
  | { told: "finished" };

const TRY_MS = 2_000;
const PAUSE_MS = 100;

const settings = childSettings<LoadSettings>();
const client = await connect({
  url: settings.natsUrl,
  user: settings.user,
  password: settings.password,
  name: "load",
});
const tell = (line: LoadLine): void => tellStarter({ ...line });
tellStarter({ ready: true });

const startedAt = performance.now();
await Promise.all(
  settings.requests.map(async (request) => {
    await sleep(Math.max(0, request.atMs - (performance.now() - startedAt)));
    if (request.acknowledged === true) await fetchResult(client, request, request.id as string);
    else if (request.id !== undefined) await publish(client, request, request.id);
    else await send(client, request);
  }),
);
tell({ told: "finished" });

async function send(dspex: Dspex, request: LoadRequest): Promise<void> {
  const { key, program, way } = request;
  switch (way) {
    case "library": {
      const run = await dspex.program(program).submit({ key });
      tell({ told: "sent", key, id: run.id });
      tellResult(key, run.id, (await run.result()) as Result);
      return;
    }
    case "event":
    case "bare":
      return publish(dspex, request, `${settings.user}.x.${key}`);
    case "submit":
      await viaApi(dspex, request, "submit");
      return fetchResult(dspex, request, `${settings.user}.x.${key}`);
    case "call":
      return viaApi(dspex, request, "call");
    default:
      way satisfies never;
  }
}

/** Publishes under a full id until the log acknowledges, then fetches the result. */
async function publish(dspex: Dspex, request: LoadRequest, id: string): Promise<void> {
  const { key, program, way } = request;
  tell({ told: "sent", key, id });
  const headers = createHeaders();
  let body = JSON.stringify({ key });
  if (way === "bare" || way === "submit" || way === "call") headers.set("Dspex-Id", id);
  else {
    const data = { id, inputs: { key } };
    body = JSON.stringify({
      specversion: "1.0",
      id: key,
      source: "load",
      type: "dspex.request.submitted.v1",
      data,
    });
  }
  await insist(dspex.connection, requestSubject(settings.user, program), body, headers, TRY_MS);
  tell({ told: "acknowledged", key, id });
  await fetchResult(dspex, request, id);
}

async function viaApi(dspex: Dspex, { key, program }: LoadRequest, verb: "submit" | "call"): Promise<void> {
  const id = `${settings.user}.x.${key}`;
  tell({ told: "sent", key, id });
  const headers = createHeaders();
  headers.set("Dspex-Id", id);
  if (verb === "call") headers.set("Dspex-Full", "1");
  const subject = apiSubject(settings.user, `${verb}.${program}`);
  // A call is answered when its result is there: by a gateway that lost its server meanwhile it is not.
  const timeoutMs = verb === "call" ? 3 * TRY_MS : TRY_MS;
  const answer = await insist(dspex.connection, subject, JSON.stringify({ key }), headers, timeoutMs);
  tell({ told: "acknowledged", key, id });
  if (verb === "call") tellResult(key, id, parseJson(answer) as Result);
}

/** The same message again until somebody answers and does not say that it is for now. */
async function insist(
  connection: NatsConnection,
  subject: string,
  body: string,
  headers: ReturnType<typeof createHeaders>,
  timeout: number,
): Promise<Uint8Array> {
  for (;;) {
    const answer = await connection.request(subject, body, { headers, timeout }).catch(() => undefined);
    if (answer !== undefined && answer.data.length > 0) {
      const error = answer.headers?.get("Nats-Service-Error");
      if (!error && !isRefused(answer.data)) return answer.data;
      if (!/unavailable|overloaded/.test(answer.string()))
        throw new Error(`${subject} refused: ${answer.string()}`);
    }
    await sleep(PAUSE_MS);
  }
}

/** A publish that the log did not take: its leader is on the way. */
function isRefused(data: Uint8Array): boolean {
  const answer = parseJson(data);
  return typeof answer === "object" && answer !== null && "error" in answer && "stream" in answer;
}

async function fetchResult(dspex: Dspex, { key }: LoadRequest, id: string): Promise<void> {
  for (;;) {
    try {
      tellResult(key, id, await dspex.result(id, { waitMs: 5_000 }));
      return;
    } catch (error) {
      // `not_found` while the router that knows of it has not read so far yet.
      if (!isDspexError(error) || !["unavailable", "not_found"].includes(error.code)) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function tellResult(key: string, id: string, { status, outputs, error }: Result): void {
  const result = {
    status,
    ...(outputs !== undefined && { outputs }),
    ...(error !== undefined && { error }),
  };
  tell({ told: "result", key, id, result });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
