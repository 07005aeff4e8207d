// Options of one request, as an application writes them.

import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { type RequestOptions, requestOptionsSchema } from "../../schemas/messages/request.ts";

export interface CallOptions extends RequestOptions {
  /** An id of one's own choosing: the same id again gives the same result instead of a second run. */
  id?: string;
  /** W3C trace context of the caller; by default that of the current OpenTelemetry span. */
  traceparent?: string;
  /** Aborting it cancels the request. */
  signal?: AbortSignal;
}

const strictOptionsSchema = z.strictObject(requestOptionsSchema.shape);
const NO_OPTIONS: RequestOptions = Object.freeze({});
/** What a call without options is made with: nothing to check. */
export const NOTHING_ASKED: CallOptions = Object.freeze({});

/** The part that travels. @throws DspexError `invalid_inputs` naming the option. */
export function wireOptions(options: CallOptions): RequestOptions {
  if (options === NOTHING_ASKED) return NO_OPTIONS;
  const { id: _id, traceparent: _traceparent, signal: _signal, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const parsed = strictOptionsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw new DspexError("invalid_inputs", `option ${path}: ${issue?.message ?? "does not fit"}`, { path });
}
