// A message that was delivered too often, or cannot be handled at all, is told in the log with its bytes, and its
// request is answered, so that nobody waits for what will not come.

import { boundedError } from "../../schemas/bounded-error.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../schemas/limits.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { Delivery } from "../log/work.ts";
import { type Intake, readIntake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import { resultOf } from "./result-message.ts";

/** With the largest body that is told, base64, it still fits into one message; what is longer is at `sequence`. */
const MAX_HEADER_CHARACTERS = 131_072;

export interface DeadLetter {
  journal: Journal;
  reader: LogReader;
  delivery: Delivery;
  error: DspexError | undefined;
}

export async function deadLetter({ journal, reader, delivery, error }: DeadLetter): Promise<void> {
  const reason = reasonOf(delivery, error);
  const intake = await intakeOf(delivery, reader);
  const headers = delivery.headerEntries();
  await journal.deadLettered({
    ...(intake !== undefined && { id: intake.id }),
    consumer: "router",
    subject: delivery.subject,
    sequence: delivery.sequence,
    deliveries: delivery.deliveries,
    headers: JSON.stringify(headers).length <= MAX_HEADER_CHARACTERS ? headers : {},
    message: Buffer.from(delivery.data.subarray(0, MAX_BODY_BYTES)).toString("base64"),
    error: boundedError(reason.toWire()),
  });
  if (intake === undefined) return;
  const result = resultOf(intake, undefined, {
    status: "failed",
    error: reason.toWire(),
    routeMs: 0,
    runMs: 0,
    nowMs: Date.now(),
  });
  await journal.result(result, intake.traceparent);
}

/** Who sent a request may learn what is wrong with it, not what is wrong with a pool's message about it. */
function reasonOf({ subject }: Delivery, error: DspexError | undefined): DspexError {
  if (error === undefined)
    return new DspexError("internal", "delivered too often; whoever had it ended without a word");
  if (parseLogSubject(subject).kind === "request") return error;
  return new DspexError("internal", `a message on ${subject} could not be handled: ${error.message}`);
}

/** The request that the message belongs to; undefined when it belongs to none. */
async function intakeOf(delivery: Delivery, reader: LogReader): Promise<Intake | undefined> {
  const subject = parseLogSubject(delivery.subject);
  if (subject.kind === "request") return readIntake(subject.user, subject.program, delivery);
  try {
    const { data } = delivery.json() as CloudEvent<Partial<AttemptFailed>>;
    if (typeof data.requestSequence !== "number") return undefined;
    const request = await reader.at(data.requestSequence);
    const of = parseLogSubject(request?.subject ?? "");
    return request !== null && of.kind === "request" ? readIntake(of.user, of.program, request) : undefined;
  } catch {
    return undefined;
  }
}
