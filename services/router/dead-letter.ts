// A message that was delivered too often is kept whole in the log, and its request is answered, so that nobody waits
// for what will not come.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { Delivery } from "../log/work.ts";
import { type Intake, readIntake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import { resultOf } from "./result-message.ts";

export interface DeadLetter {
  journal: Journal;
  reader: LogReader;
  delivery: Delivery;
  error: DspexError | undefined;
}

export async function deadLetter({ journal, reader, delivery, error }: DeadLetter): Promise<void> {
  const reason =
    error ?? new DspexError("internal", "delivered too often; whoever had it ended without a word");
  const intake = await intakeOf(delivery, reader);
  await journal.deadLettered({
    ...(intake !== undefined && { id: intake.id }),
    consumer: "router",
    subject: delivery.subject,
    sequence: delivery.sequence,
    deliveries: delivery.deliveries,
    headers: delivery.headerEntries(),
    message: Buffer.from(delivery.data).toString("base64"),
    error: reason.toWire(),
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
