// CloudEvents 1.0 in structured JSON: the envelope of every message in the log.

import { z } from "zod";

export const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The envelope's own members; `data` is validated by the schema of the message. */
export const envelopeSchema = z.looseObject({
  specversion: z.literal("1.0"),
  id: z.string().min(1).max(256),
  source: z.string().min(1).max(256),
  type: z.string().regex(/^dspex\.[a-z-]+(\.[a-z-]+)+\.v\d+$/),
  time: z.iso.datetime({ offset: true }).optional(),
  datacontenttype: z.string().optional(),
  traceparent: z.string().regex(TRACEPARENT).optional(),
  data: z.unknown(),
});

export interface CloudEvent<Data> {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  time?: string;
  traceparent?: string;
  data: Data;
}

/** True when the four members that make an object a CloudEvent are all there (else it is a bare body). */
export function looksLikeCloudEvent(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "specversion" in value &&
    "id" in value &&
    "source" in value &&
    "type" in value
  );
}

/** Puts `data` into an envelope. `id`, `time` and `traceparent` are the caller's: this function is pure. */
export function cloudEvent<Data>(
  type: string,
  source: string,
  id: string,
  time: string,
  data: Data,
  traceparent?: string,
): CloudEvent<Data> {
  return traceparent === undefined
    ? { specversion: "1.0", id, source, type, time, data }
    : { specversion: "1.0", id, source, type, time, traceparent, data };
}
