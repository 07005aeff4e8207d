// Takes a request message apart: whose it is, under which id it is answered, and what it asks, or why it cannot be
// taken. Pure, and total: any bytes give an intake.

import { TRACEPARENT } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { logRequestId, resolveRequestId } from "../../schemas/envelope/ids.ts";
import { parseJson } from "../../schemas/envelope/json.ts";
import { isJsonValue, MAX_JSON_DEPTH } from "../../schemas/envelope/json-value.ts";
import { type ReadRequest, readRequest } from "../../schemas/envelope/request-codec.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { DEFAULT_DEADLINE_MS, MAX_BODY_BYTES } from "../../schemas/limits.ts";

/** What a request message looks like to `readIntake`; both followers and deliveries are such. */
export interface RequestMessage {
  sequence: number;
  timeMs: number;
  data: Uint8Array;
  header(name: string): string | undefined;
}

export interface Intake {
  id: string;
  user: string;
  program: string;
  sequence: number;
  timeMs: number;
  deadlineAtMs: number;
  traceparent: string | undefined;
  /** Absent when `error` says why. */
  request: ReadRequest | undefined;
  error: DspexError | undefined;
  /** The id that it named was not one it may use: it is recorded as refused. */
  refused: boolean;
  /** How long it took to read, which whoever read it knows. */
  readMs: number;
}

const MAX_TRACEPARENT_CHARACTERS = 256;
/** Work and results have their values two levels further in than a bare request, and have to be read, too. */
const MAX_INPUT_DEPTH = MAX_JSON_DEPTH - 2;

export function readIntake(user: string, program: string, message: RequestMessage): Intake {
  const base = { user, program, sequence: message.sequence, timeMs: message.timeMs };
  const given = message.header(HEADER.id);
  let request: ReadRequest | undefined;
  let error: DspexError | undefined;
  if (message.data.length > MAX_BODY_BYTES) {
    error = new DspexError(
      "payload_too_large",
      `the request's body has ${message.data.length} bytes, at most ${MAX_BODY_BYTES}`,
    );
  } else {
    try {
      request = readBounded(message);
    } catch (thrown) {
      error = asDspexError(thrown);
    }
  }
  const named = request?.id ?? given ?? (request === undefined ? idInBody(message.data) : undefined);
  const id = named === undefined ? logRequestId(user, message.sequence) : resolveRequestId(user, named);
  if (id === undefined) {
    return {
      ...base,
      id: logRequestId(user, message.sequence),
      deadlineAtMs: message.timeMs + DEFAULT_DEADLINE_MS,
      traceparent: traceparentIn(request, message),
      request: undefined,
      error: new DspexError(
        "not_allowed",
        `id ${JSON.stringify(named?.slice(0, 200))} is not one that user "${user}" may use`,
        { path: "id" },
      ),
      refused: true,
      readMs: 0,
    };
  }
  return {
    ...base,
    id,
    deadlineAtMs: message.timeMs + (request?.options.deadlineMs ?? DEFAULT_DEADLINE_MS),
    traceparent: traceparentIn(request, message),
    request,
    error,
    refused: false,
    readMs: 0,
  };
}

function readBounded(message: RequestMessage): ReadRequest {
  const request = readRequest((name) => message.header(name), message.data);
  // Each level takes two characters at least: nearly no body has to be looked through.
  const mayBeDeep = message.data.length > 2 * MAX_INPUT_DEPTH;
  if (mayBeDeep && !isJsonValue(request.inputs, MAX_INPUT_DEPTH))
    throw new DspexError("invalid_inputs", `inputs nested more than ${MAX_INPUT_DEPTH} deep`, {
      path: "inputs",
    });
  return request;
}

/** It goes into every message that follows: one that is none, or has no end, is left out. */
function traceparentIn(request: ReadRequest | undefined, message: RequestMessage): string | undefined {
  const given = request?.traceparent ?? message.header(HEADER.traceparent);
  const isUsable =
    given !== undefined && given.length <= MAX_TRACEPARENT_CHARACTERS && TRACEPARENT.test(given);
  return isUsable ? given : undefined;
}

/** The id of a CloudEvent whose other members do not fit: its sender waits under that id. */
function idInBody(data: Uint8Array): string | undefined {
  if (data.length > MAX_BODY_BYTES) return undefined;
  try {
    const body = parseJson(data) as { data?: { id?: unknown } } | null;
    const id = body?.data?.id;
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}
