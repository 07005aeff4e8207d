// A request's whole story in order: its request, works, failures and result, by a few direct gets, never a scan.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";
import type { RequestLookup } from "./lookup.ts";

/** An event as a user is shown it. */
export function shown(message: StoredMessage): Record<string, unknown> {
  let body: unknown;
  try {
    body = message.json();
  } catch {
    body = undefined;
  }
  const event = body as Partial<CloudEvent<unknown>> | undefined;
  const isEvent = typeof event === "object" && event !== null && event.specversion === "1.0";
  return {
    sequence: message.sequence,
    time: new Date(message.timeMs).toISOString(),
    subject: message.subject,
    type: isEvent ? event.type : "dspex.request.submitted.v1",
    data: isEvent ? event.data : { inputs: body },
    ...(isEvent && event.source !== undefined && { source: event.source }),
    ...(isEvent && event.traceparent !== undefined && { traceparent: event.traceparent }),
  };
}

export async function writeStory(
  request: ApiRequest,
  writer: PieceWriter,
  lookup: RequestLookup,
  reader: LogReader,
): Promise<void> {
  const id = lookup.ownId(request.user, request.tokens.slice(1));
  const stored = await lookup.storedResult(id);
  const log = stored?.result.log ?? (await lookup.open(id));
  if (log === undefined) throw new DspexError("not_found", `no request ${JSON.stringify(id)}`);
  const sequences = [log.request, ...log.work, ...log.failures].sort((a, b) => a - b);
  const messages = await Promise.all(sequences.map((sequence) => reader.at(sequence)));
  let index = 0;
  for (const message of messages) if (message !== null) writer.piece(shown(message), index++);
  if (stored !== undefined) writer.piece(shown(stored.message), index);
  writer.end("done");
}
