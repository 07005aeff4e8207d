// Messages that are not simply a new request: the same id again, or a delivery that somebody else had before.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { ALL_WORK, ATTEMPT_FAILED_SUBJECT, resultSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { RouterFold } from "./fold.ts";
import { type Intake, readIntake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import { hashOf } from "./result-message.ts";
import type { OpenRequest } from "./state.ts";

/**
 * Sequence of an attempt's work if the log has it, 0 if the attempt is over: what was sent without an acknowledgement
 * may have been stored, and sent again it would be run and paid for twice.
 */
export async function findWork(
  id: string,
  attempt: number,
  reader: LogReader,
  fold: RouterFold,
): Promise<number | undefined> {
  await fold.passed((await reader.last(ALL_WORK))?.sequence ?? 0);
  const open = fold.state.open.get(id);
  if (open === undefined) return 0;
  const running = open.running.find((one) => one.attempt === attempt);
  if (running !== undefined) return running.workSequence;
  return open.attempts.some((one) => one.attempt >= attempt) ? 0 : undefined;
}

/** A redelivery: whoever had it may have sent work that our fold has not seen yet. */
export async function catchUpWithTheDead(id: string, reader: LogReader, fold: RouterFold): Promise<void> {
  const stored = await Promise.all([
    reader.last(ALL_WORK),
    reader.last(ATTEMPT_FAILED_SUBJECT),
    reader.last(resultSubject(id)),
  ]);
  await fold.passed(Math.max(...stored.map((message) => message?.sequence ?? 0)));
}

/**
 * True when this message is the request of its id although the fold does not hold it (its bound was reached), and
 * nobody has answered. Otherwise it is a second one; that it asks for something else is recorded.
 */
export async function isTheRequest(
  intake: Intake,
  open: OpenRequest | undefined,
  reader: LogReader,
  journal: Journal,
): Promise<boolean> {
  const stored = await reader.last(resultSubject(intake.id));
  if (stored === null && open === undefined) return true;
  const first = stored === null ? await firstOpen(open, reader) : firstAnswered(stored.json());
  const requestHash = hashOf(intake);
  if (first !== undefined && first.sequence !== intake.sequence && first.requestHash !== requestHash) {
    const { requestHash: firstHash } = first;
    await journal.conflicted({ id: intake.id, requestSequence: intake.sequence, requestHash, firstHash });
  }
  return false;
}

interface First {
  sequence: number;
  requestHash: string;
}

function firstAnswered(result: unknown): First {
  const { requestHash, log } = (result as CloudEvent<Result>).data;
  return { sequence: log.request, requestHash };
}

async function firstOpen(open: OpenRequest | undefined, reader: LogReader): Promise<First | undefined> {
  const first = open === undefined ? null : await reader.at(open.sequence);
  if (open === undefined || first === null) return undefined;
  return { sequence: open.sequence, requestHash: hashOf(readIntake(open.user, open.program, first)) };
}
