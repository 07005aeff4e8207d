// What a router has in hand for one request. Its abort signal is made only for who asks for it: most requests are over
// before anybody could want to stop them.

import type { Span } from "@opentelemetry/api";
import { DspexError } from "../../schemas/errors.ts";
import type { Decision } from "../../schemas/messages/parts.ts";
import type { Intake } from "./intake.ts";
import type { PoolWaiter } from "./slots.ts";
import { startRouteSpan, traceparentOf } from "./spans.ts";
import type { OpenRequest } from "./state.ts";

/** One for all: an abort without a reason makes an error with a stack each time. */
const NOT_WANTED = new DspexError("cancelled", "the request was answered, cancelled or its deadline passed");

export class Hand {
  readonly open: OpenRequest;
  readonly intake: Intake;
  /** Ended when what follows from the message is stored. */
  readonly span: Span;
  /** Goes out with every message that follows. */
  readonly traceparent: string | undefined;
  /** Set while it waits for a place in a pool. */
  waiting: { pool: string; waiter: PoolWaiter } | undefined;
  /** By which its attempt under way was chosen. */
  decision: Decision | undefined;
  /** Where its work went. */
  pool: string | undefined;
  /** Number of the attempt, and of the hedge, that this router has begun; 0 = none. */
  attempt = 0;
  hedge = 0;
  /** For the session's turn before, for a place, before a retry: what its attempt tells of the time before it, ms. */
  waitedMs = 0;
  #controller: AbortController | undefined;
  #aborted = false;

  /** `cause`: traceparent of the failure that makes it be decided on again. */
  constructor(open: OpenRequest, intake: Intake, cause?: string) {
    this.open = open;
    this.intake = intake;
    this.span = startRouteSpan(intake, cause);
    this.traceparent = traceparentOf(this.span, intake.traceparent);
  }

  /** True once it was answered by somebody else, or from outside: what is still done for it is for nothing. */
  get aborted(): boolean {
    return this.#aborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted && !this.#controller.signal.aborted) this.#controller.abort(NOT_WANTED);
    return this.#controller.signal;
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#controller?.abort(NOT_WANTED);
  }
}
