// Serves a part of the API as a NATS micro service (`nats micro ls` shows it). Handlers return the answer or throw; a
// typed error becomes the service error headers and a body that says what and where.

import { Svcm } from "@nats-io/services";
import { boundedError } from "../../schemas/bounded-error.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { ERROR_CODES, isErrorCode } from "../../schemas/error-codes.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { createHeaders, type MsgHdrs, type NatsConnection } from "./connect.ts";

export interface ApiRequest {
  /** Second token of the subject: the account that asks, enforced by the server. */
  user: string;
  /** The tokens after the user. */
  tokens: string[];
  data: Uint8Array;
  header(name: string): string | undefined;
  /** The body as JSON. @throws DspexError `invalid_inputs` */
  json(): unknown;
}

/** An answer in one message. */
export interface Answer {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Sends the pieces of a longer answer; `end` closes it. */
export interface PieceWriter {
  /** Aborted when the service stops: a long answer then ends with `more`, and another instance goes on. */
  readonly stopping: AbortSignal;
  piece(body: unknown, index: number): void;
  bytes(body: Uint8Array, index: number): void;
  /** Message without a body each 15 s or so: the answer is still coming. */
  keepAlive(): void;
  /** `more` = the reader asks again from its position. */
  end(how: "done" | "more"): void;
}

export interface Endpoint {
  name: string;
  /** With wildcards, e.g. `dspex-api.*.call.*`. */
  subject: string;
  answer?: (request: ApiRequest) => Promise<Answer>;
  /** For answers in pieces: resolves after `end`. */
  write?: (request: ApiRequest, writer: PieceWriter) => Promise<void>;
}

export interface MicroServiceOptions {
  name: string;
  version: string;
  description: string;
  /** Requests worked on at once; more are refused with `overloaded`. */
  maxConcurrent?: number;
}

export interface MicroService {
  stop(): Promise<void>;
}

const DEFAULT_CONCURRENT = 20_000;

/** Returns when the server knows of every endpoint. */
export async function serve(
  connection: NatsConnection,
  options: MicroServiceOptions,
  endpoints: readonly Endpoint[],
): Promise<MicroService> {
  const { name, version, description, maxConcurrent = DEFAULT_CONCURRENT } = options;
  const service = await new Svcm(connection).add({ name, version, description, queue: name });
  const stopping = new AbortController();
  let running = 0;
  for (const endpoint of endpoints) {
    service.addEndpoint(endpoint.name, {
      subject: endpoint.subject,
      handler: (error, message) => {
        if (error !== null) return;
        const request = requestOf(message);
        const fail = (thrown: unknown) => {
          const { body, headers } = errorAnswer(asDspexError(thrown));
          try {
            message.respond(body, { headers });
          } catch {
            // The connection is closed: whoever asked will ask another instance.
          }
        };
        if (running >= maxConcurrent) {
          fail(
            new DspexError("overloaded", `${name} has ${running} requests in hand`, { retryAfterMs: 1_000 }),
          );
          return;
        }
        running++;
        handle(endpoint, request, message, stopping.signal)
          .catch(fail)
          .finally(() => {
            running--;
          });
      },
    });
  }
  // Who is told that it runs may ask at once.
  await connection.flush();
  return {
    async stop() {
      stopping.abort();
      await service.stop();
    },
  };
}

/** The two headers and the body by which a service says that it failed. */
export function errorAnswer(error: DspexError): { body: string; headers: MsgHdrs } {
  const headers = createHeaders();
  headers.set(HEADER.serviceError, error.message.replaceAll(/[\r\n]+/g, " ").slice(0, 500));
  // A code of a later version, or what a pool's own code made up, may be in a stored result.
  const { status } = isErrorCode(error.code) ? ERROR_CODES[error.code] : ERROR_CODES.internal;
  headers.set(HEADER.serviceErrorCode, String(status));
  return { body: stringifyJson(boundedError(error.toWire())), headers };
}

interface Respondable {
  subject: string;
  data: Uint8Array;
  headers?: MsgHdrs;
  respond(data?: Uint8Array | string, options?: { headers?: MsgHdrs }): boolean;
}

function requestOf(message: Respondable): ApiRequest {
  const [, user = "", ...tokens] = message.subject.split(".");
  return {
    user,
    tokens,
    data: message.data,
    header: (name) => (message.headers?.has(name) ? message.headers.get(name) : undefined),
    json: () => (message.data.length === 0 ? {} : parseJson(message.data)),
  };
}

async function handle(
  endpoint: Endpoint,
  request: ApiRequest,
  message: Respondable,
  stopping: AbortSignal,
): Promise<void> {
  if (endpoint.answer !== undefined) {
    const { body, headers } = await endpoint.answer(request);
    message.respond(body === undefined ? "" : stringifyJson(body), { headers: headersOf(headers ?? {}) });
    return;
  }
  await endpoint.write?.(request, {
    stopping,
    piece: (body, index) =>
      message.respond(stringifyJson(body), { headers: headersOf({ [HEADER.index]: String(index) }) }),
    bytes: (body, index) => message.respond(body, { headers: headersOf({ [HEADER.index]: String(index) }) }),
    // Without a header the server would take it for the end of the answer and let nothing more through.
    keepAlive: () => message.respond("", { headers: createHeaders(100, "Keep-Alive") }),
    end: (how) => message.respond("", { headers: headersOf({ [HEADER.end]: how }) }),
  });
}

function headersOf(entries: Record<string, string>): MsgHdrs {
  const headers = createHeaders();
  for (const [name, value] of Object.entries(entries)) headers.set(name, value);
  return headers;
}
