// Reads a request in either of its forms: a CloudEvent, or the bare inputs with the options as headers. Pure; what is
// wrong is one `invalid_inputs` whose path names the member or the header.

import { DspexError, isDspexError } from "../errors.ts";
import { MAX_BODY_BYTES } from "../limits.ts";
import { jsonObjectSchema } from "../messages/parts.ts";
import {
  REQUEST_TYPE,
  type RequestOptions,
  requestOptionsSchema,
  requestSchema,
} from "../messages/request.ts";
import { check } from "./check.ts";
import { envelopeSchema, looksLikeCloudEvent, TRACEPARENT } from "./cloud-event.ts";
import { HEADER } from "./headers.ts";
import { parseJson } from "./json.ts";

/** Value of a header, or nothing where it is absent. */
export type HeaderOf = (name: string) => string | undefined;

export interface ReadRequest {
  /** As the caller wrote it: `resolveRequestId` makes an id of it. */
  id?: string;
  inputs: Record<string, unknown>;
  options: RequestOptions;
  traceparent?: string;
}

type OptionName = keyof RequestOptions;

const text = (value: string): string => value;
const OPTION_OF_HEADER: readonly [header: string, option: OptionName, read: (value: string) => unknown][] = [
  [HEADER.session, "session", text],
  [HEADER.version, "version", text],
  [HEADER.implementation, "implementation", text],
  [HEADER.deadlineMs, "deadlineMs", whole],
  [HEADER.priority, "priority", whole],
  [HEADER.prefer, "prefer", text],
  [HEADER.stream, "stream", flag],
  [HEADER.variables, "variables", parseJson],
  [HEADER.budget, "budget", parseJson],
  [HEADER.hedge, "hedge", flag],
];

/** @throws DspexError `invalid_inputs`, `payload_too_large` */
export function readRequest(header: HeaderOf, body: Uint8Array): ReadRequest {
  if (body.byteLength > MAX_BODY_BYTES) {
    throw new DspexError(
      "payload_too_large",
      `body of ${body.byteLength} bytes, at most ${MAX_BODY_BYTES}: send large values as references`,
    );
  }
  const value = parseJson(body);
  return looksLikeCloudEvent(value) ? readEvent(header, value) : readBare(header, value);
}

/** What the client libraries send when a call has no options: seen at a glance, without the schemas. */
const PLAIN_MEMBERS: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "data",
  "traceparent",
]);
const PLAIN_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function readPlainEvent(header: HeaderOf, event: Record<string, unknown>): ReadRequest | undefined {
  const { specversion, id, source, type, time, data, traceparent } = event;
  const isEnvelope =
    specversion === "1.0" &&
    type === REQUEST_TYPE &&
    isShortText(id) &&
    isShortText(source) &&
    (time === undefined || (typeof time === "string" && PLAIN_TIME.test(time))) &&
    (traceparent === undefined || (typeof traceparent === "string" && TRACEPARENT.test(traceparent)));
  if (!isEnvelope || typeof data !== "object" || data === null) return undefined;
  for (const member in event) if (!PLAIN_MEMBERS.has(member)) return undefined;
  for (const member in data) if (member !== "id" && member !== "inputs") return undefined;
  const { id: requestId, inputs } = data as Record<string, unknown>;
  if (
    typeof requestId !== "string" ||
    typeof inputs !== "object" ||
    inputs === null ||
    Array.isArray(inputs)
  ) {
    return undefined;
  }
  const options: RequestOptions = {};
  return assemble(
    requestId,
    inputs as Record<string, unknown>,
    options,
    traceparentOf(header) ?? traceparent,
  );
}

function isShortText(value: unknown): boolean {
  return typeof value === "string" && value.length >= 1 && value.length <= 256;
}

function readEvent(header: HeaderOf, value: Record<string, unknown>): ReadRequest {
  const plain = readPlainEvent(header, value);
  if (plain !== undefined) return plain;
  const event = check(envelopeSchema, value);
  if (event.type !== REQUEST_TYPE) {
    throw new DspexError(
      "invalid_inputs",
      `type ${JSON.stringify(event.type.slice(0, 80))} is not ${REQUEST_TYPE}`,
      {
        path: "type",
      },
    );
  }
  const { id, inputs, ...options } = check(requestSchema, event.data, "data");
  return assemble(id, inputs, options, traceparentOf(header) ?? event.traceparent);
}

function readBare(header: HeaderOf, value: unknown): ReadRequest {
  const inputs = check(jsonObjectSchema, value, "inputs");
  return assemble(header(HEADER.id), inputs, optionsOf(header), traceparentOf(header));
}

function optionsOf(header: HeaderOf): RequestOptions {
  const options: Partial<Record<OptionName, unknown>> = {};
  for (const [name, option, read] of OPTION_OF_HEADER) {
    const value = header(name);
    if (value !== undefined) options[option] = named(name, () => read(value));
  }
  try {
    return check(requestOptionsSchema, options);
  } catch (thrown) {
    if (!isDspexError(thrown) || thrown.path === undefined) throw thrown;
    const [option = "", ...rest] = thrown.path.split(".");
    const name = OPTION_OF_HEADER.find((row) => row[1] === option)?.[0] ?? option;
    throw inHeader(name, thrown, rest);
  }
}

/** Runs `read`; what it refuses is said to be in the header. */
function named(name: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (thrown) {
    if (isDspexError(thrown)) throw inHeader(name, thrown);
    throw thrown;
  }
}

function inHeader(name: string, error: DspexError, rest: readonly string[] = []): DspexError {
  const path = [name, ...rest].join(".");
  return new DspexError("invalid_inputs", `header ${name}: ${error.message}`, { path, cause: error });
}

function whole(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) {
    throw new DspexError(
      "invalid_inputs",
      `expected a whole number, got ${JSON.stringify(value.slice(0, 80))}`,
    );
  }
  return Number(value);
}

function flag(value: string): boolean {
  if (value !== "1" && value !== "0") {
    throw new DspexError("invalid_inputs", `expected 1 or 0, got ${JSON.stringify(value.slice(0, 80))}`);
  }
  return value === "1";
}

/** A header that is no traceparent starts a new trace, as W3C asks: tracing never costs a request its answer. */
function traceparentOf(header: HeaderOf): string | undefined {
  const value = header(HEADER.traceparent);
  return value !== undefined && TRACEPARENT.test(value) ? value : undefined;
}

function assemble(
  id: string | undefined,
  inputs: Record<string, unknown>,
  options: RequestOptions,
  traceparent: string | undefined,
): ReadRequest {
  return {
    ...(id !== undefined && { id }),
    inputs,
    options,
    ...(traceparent !== undefined && { traceparent }),
  };
}
