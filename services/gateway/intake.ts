// Turns an API call into the request message that goes into the log: same body, same headers, an id where none was
// given. What does not fit is refused here, before anything is stored.

import { HEADER } from "../../schemas/envelope/headers.ts";
import { resolveRequestId } from "../../schemas/envelope/ids.ts";
import { readRequest } from "../../schemas/envelope/request-codec.ts";
import { requestHash } from "../../schemas/envelope/request-hash.ts";
import { DspexError } from "../../schemas/errors.ts";
import { DEFAULT_DEADLINE_MS } from "../../schemas/limits.ts";
import type { ApiRequest } from "../bus/micro-service.ts";

const PASSED_ON = [
  HEADER.session,
  HEADER.version,
  HEADER.implementation,
  HEADER.deadlineMs,
  HEADER.priority,
  HEADER.prefer,
  HEADER.stream,
  HEADER.variables,
  HEADER.budget,
  HEADER.hedge,
  HEADER.traceparent,
] as const;

export interface Admitted {
  id: string;
  program: string;
  body: Uint8Array;
  headers: Record<string, string>;
  deadlineMs: number;
  /** Of what is asked; a result with another one answers another request under the same id. */
  requestHash: string;
}

const EMPTY_INPUTS = Buffer.from("{}");

/**
 * `nextId` gives an id to a request that brings none.
 * @throws DspexError `invalid_inputs`, `payload_too_large`, `not_allowed` (an id of another user)
 */
export function admit(request: ApiRequest, program: string, nextId: () => string): Admitted {
  // `nats req … ''` sends nothing: a program without required inputs takes that for no inputs.
  const body = request.data.length === 0 ? EMPTY_INPUTS : request.data;
  const read = readRequest((name) => request.header(name), body);
  const given = read.id ?? request.header(HEADER.id);
  const id = given === undefined ? nextId() : resolveRequestId(request.user, given);
  if (id === undefined) {
    throw new DspexError(
      "not_allowed",
      `id ${JSON.stringify(given?.slice(0, 200))} is not one that user "${request.user}" may use`,
      { path: "id" },
    );
  }
  const headers: Record<string, string> = { [HEADER.id]: id };
  for (const name of PASSED_ON) {
    const value = request.header(name);
    if (value !== undefined) headers[name] = value;
  }
  if (read.traceparent !== undefined) headers[HEADER.traceparent] = read.traceparent;
  const { inputs, options } = read;
  return {
    id,
    program,
    body,
    headers,
    deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    requestHash: requestHash({ program, inputs, options }),
  };
}
