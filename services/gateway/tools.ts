// Tool calls of pools: a program is called on behalf of the user whose work asks for it. The id is a hash of work, call
// number, program, inputs and options, so that the same call after a redelivery gets the first answer.

import { createHash } from "node:crypto";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { canonicalJson, parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { requestHash } from "../../schemas/envelope/request-hash.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { type RequestOptions, requestOptionsSchema } from "../../schemas/messages/request.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { ALL_TOOL_CALLS, parseLogSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Msg, NatsConnection } from "../bus/connect.ts";
import { createHeaders } from "../bus/connect.ts";
import { errorAnswer } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import type { GatewayRequests } from "./requests.ts";

export function serveTools(
  connection: NatsConnection,
  requests: GatewayRequests,
  reader: LogReader,
): { stop(): void } {
  const subscription = connection.subscribe(ALL_TOOL_CALLS, {
    queue: "gateway",
    callback: (error, message) => {
      if (error !== null) return;
      callTool(message, requests, reader)
        .then(
          ({ body, id }) => {
            const headers = createHeaders();
            headers.set(HEADER.requestId, id);
            message.respond(body, { headers });
          },
          (thrown) => {
            const { body, headers } = errorAnswer(asDspexError(thrown));
            message.respond(body, { headers });
          },
        )
        // The connection is closed: the pool asks again, and the next gateway finds the same request.
        .catch(() => {});
    },
  });
  return { stop: () => subscription.unsubscribe() };
}

async function callTool(
  message: Msg,
  requests: GatewayRequests,
  reader: LogReader,
): Promise<{ body: string; id: string }> {
  const [, pool = "", , program = ""] = message.subject.split(".");
  const work = await workInFlight(pool, message, reader);
  const inputs = parseJson(message.data) as Record<string, unknown>;
  const n = header(message, HEADER.toolCall);
  const options = optionsOf(message);
  const isPlain = Object.keys(options).length === 0;
  const key = createHash("sha256")
    .update(canonicalJson([work.id, work.attempt, n, program, inputs, ...(isPlain ? [] : [options])]))
    .digest("hex")
    .slice(0, 32);
  const id = `${work.user}.t.${key}`;
  const deadlineMs = Math.floor(Date.parse(work.deadlineAt) - Date.now());
  if (deadlineMs <= 0)
    throw new DspexError("deadline_exceeded", `the work of ${work.id} is past its deadline`);
  const headers: Record<string, string> = { [HEADER.id]: id };
  const traceparent = message.headers?.get(HEADER.traceparent);
  if (traceparent) headers[HEADER.traceparent] = traceparent;
  if (options.variables !== undefined) headers[HEADER.variables] = stringifyJson(options.variables);
  if (options.version !== undefined) headers[HEADER.version] = options.version;
  // The deadline is not part of the request: the same call must have the same hash whenever it is made.
  const result = await requests.call(work.user, {
    id,
    program,
    body: message.data,
    headers,
    deadlineMs,
    requestHash: requestHash({ program, inputs, options }),
  });
  if (message.headers?.get(HEADER.full) === "1") return { body: stringifyJson(result), id };
  if (result.status !== "succeeded") {
    throw result.error === undefined
      ? new DspexError("internal", `${id} ${result.status}`)
      : DspexError.fromWire(result.error);
  }
  return { body: stringifyJson(result.outputs), id };
}

/** What a call may say besides: values of variables for it alone, and a version. @throws DspexError `invalid_inputs` */
function optionsOf(message: Msg): RequestOptions {
  const variables = message.headers?.get(HEADER.variables);
  const version = message.headers?.get(HEADER.version);
  const given = {
    ...(variables && { variables: parseJson(variables) }),
    ...(version && { version }),
  };
  return check(requestOptionsSchema, given);
}

/** The work that the call names, if it is that pool's and not answered. @throws DspexError `not_allowed` */
async function workInFlight(pool: string, message: Msg, reader: LogReader): Promise<Work> {
  const id = header(message, HEADER.workId);
  const sequence = Number(header(message, HEADER.workSequence));
  const stored = Number.isSafeInteger(sequence) && sequence > 0 ? await reader.at(sequence) : null;
  const subject = parseLogSubject(stored?.subject ?? "");
  if (stored === null || subject.kind !== "work" || subject.pool !== pool) {
    throw new DspexError("not_allowed", `message ${sequence} is no work of pool "${pool}"`);
  }
  const work = (stored.json() as CloudEvent<Work>).data;
  if (work.id !== id || String(work.attempt) !== header(message, HEADER.workAttempt)) {
    throw new DspexError(
      "not_allowed",
      `message ${sequence} is not the work of ${JSON.stringify(id.slice(0, 200))}`,
    );
  }
  if ((await reader.last(resultSubject(work.id))) !== null) {
    throw new DspexError("not_allowed", `${work.id} has its result already`);
  }
  return work;
}

function header(message: Msg, name: string): string {
  const value = message.headers?.get(name);
  if (!value) throw new DspexError("invalid_inputs", `header ${name} is missing`, { path: name });
  return value;
}
