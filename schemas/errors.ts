// One error class for everything that can be told to a caller; its wire form is `{code, message, retryable, …}`.
//
//   Error
//   └── DspexError   code says what happened, retryable says whether the same request may succeed later

import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

/** The error as it travels in results, attempt-failed events and API answers. */
export interface WireError {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs?: number | undefined;
  /** Where in the message, e.g. `inputs.context[2]`. */
  path?: string | undefined;
  details?: unknown;
}

export interface DspexErrorOptions {
  retryable?: boolean;
  retryAfterMs?: number | undefined;
  path?: string | undefined;
  details?: unknown;
  cause?: unknown;
}

export class DspexError extends Error {
  override readonly name = "DspexError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly path: string | undefined;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, options: DspexErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.path = options.path;
    this.details = options.details;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
      ...(this.path !== undefined && { path: this.path }),
      ...(this.details !== undefined && { details: this.details }),
    };
  }

  static fromWire(error: WireError): DspexError {
    return new DspexError(error.code, error.message, {
      retryable: error.retryable,
      retryAfterMs: error.retryAfterMs,
      path: error.path,
      details: error.details,
    });
  }
}

export function isDspexError(value: unknown): value is DspexError {
  return value instanceof DspexError;
}

/** Turns anything thrown into a `DspexError`; a foreign one becomes `internal` with its message only. */
export function asDspexError(thrown: unknown): DspexError {
  if (thrown instanceof DspexError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DspexError("internal", message.slice(0, 2_000), { cause: thrown });
}
