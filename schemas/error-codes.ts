// The closed list of error codes, with what each means for a retry and for the micro-service error header.
// Python's copy is generated from here (scripts/generate-schemas.ts).

interface CodeFacts {
  /** HTTP-like number in `Nats-Service-Error-Code`; each code has its own. */
  status: number;
  /** What `retryable` is unless the raiser knows better. */
  retryable: boolean;
}

export const ERROR_CODES = {
  invalid_inputs: { status: 400, retryable: false },
  lm_auth: { status: 401, retryable: false },
  budget_exceeded: { status: 402, retryable: false },
  not_allowed: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  unknown_program: { status: 405, retryable: false },
  unknown_version: { status: 406, retryable: false },
  module_not_found: { status: 407, retryable: false },
  deadline_exceeded: { status: 408, retryable: false },
  conflict: { status: 409, retryable: false },
  gone: { status: 410, retryable: false },
  id_conflict: { status: 411, retryable: false },
  no_capable_implementation: { status: 412, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  context_window_exceeded: { status: 414, retryable: false },
  lm_rejected: { status: 415, retryable: false },
  output_invalid: { status: 422, retryable: true },
  output_parse_error: { status: 423, retryable: true },
  lm_rate_limited: { status: 429, retryable: true },
  cancelled: { status: 499, retryable: false },
  internal: { status: 500, retryable: false },
  worker_lost: { status: 501, retryable: true },
  lm_unavailable: { status: 502, retryable: true },
  unavailable: { status: 503, retryable: true },
  lm_timeout: { status: 504, retryable: true },
  circuit_open: { status: 505, retryable: true },
  overloaded: { status: 529, retryable: true },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(ERROR_CODES, value);
}
