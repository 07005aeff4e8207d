// What the server's refusals of a publish mean, asked by predicate and never by number elsewhere.

import type { ErrorCode } from "../../schemas/error-codes.ts";
import { DspexError } from "../../schemas/errors.ts";

const WRONG_LAST_SEQUENCE = 10_071;
const WRONG_LAST_SEQUENCE_CLUSTER = 10_164;
const STORE_FAILED = 10_077;
const MESSAGE_TOO_LARGE = 10_054;
const HEADERS_TOO_LARGE = 10_097;

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [WRONG_LAST_SEQUENCE, "conflict"],
  [WRONG_LAST_SEQUENCE_CLUSTER, "conflict"],
  [STORE_FAILED, "overloaded"],
  [MESSAGE_TOO_LARGE, "payload_too_large"],
  [HEADERS_TOO_LARGE, "payload_too_large"],
]);

/** The body of a refused PubAck. */
export interface RefusedPublish {
  code: number;
  err_code: number;
  description: string;
}

/**
 *   DspexError
 *   └── AppendRefused   the server looked at the message and would not store it
 */
export class AppendRefused extends DspexError {
  readonly errCode: number;
  constructor(subject: string, refused: RefusedPublish) {
    super(
      CODES.get(refused.err_code) ?? "internal",
      `${subject}: ${refused.description} (${refused.err_code})`,
    );
    this.errCode = refused.err_code;
  }
}

/** The expected last sequence of a subject was not met: somebody else was first (or one's own earlier try). */
export function isWrongLastSequence(error: unknown): boolean {
  return (
    error instanceof AppendRefused &&
    (error.errCode === WRONG_LAST_SEQUENCE || error.errCode === WRONG_LAST_SEQUENCE_CLUSTER)
  );
}

/** The log is full: worth trying again until the deadline, the keeper cuts its head. */
export function isLogFull(refused: RefusedPublish): boolean {
  return refused.err_code === STORE_FAILED;
}
