// Stores results: puts them together, takes large outputs out, appends them unless somebody was first.

import { failSpan } from "../../observability/mod.ts";
import type { DspexError } from "../../schemas/errors.ts";
import type { Decision } from "../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { Hand } from "./hand.ts";
import type { Hands } from "./hands.ts";
import type { Journal } from "./journal.ts";
import { type Outcome, resultOf } from "./result-message.ts";

export class Answers {
  readonly #journal: Journal;
  readonly #claimCheck: ClaimCheck;
  readonly #hands: Hands;

  constructor(journal: Journal, claimCheck: ClaimCheck, hands: Hands) {
    this.#journal = journal;
    this.#claimCheck = claimCheck;
    this.#hands = hands;
  }

  /** Resolves when the log has a result: this one, or another that was faster. */
  answer(hand: Hand, outcome: Outcome): Promise<void> {
    const result = resultOf(hand.intake, hand.open, outcome);
    if (result.outputs === undefined) return this.#store(hand, result);
    const outputs = this.#claimCheck.shrink(result.outputs, hand.open.user);
    if (outputs instanceof Promise)
      return outputs.then((shrunk) => this.#store(hand, { ...result, outputs: shrunk }));
    return this.#store(hand, result);
  }

  /** Answers with an error, without an attempt. */
  fail(
    hand: Hand,
    error: DspexError,
    definition: ProgramDefinition | undefined,
    decision: Decision | undefined,
    routeMs: number,
  ): Promise<void> {
    failSpan(hand.span, error);
    return this.answer(hand, {
      status: error.code === "cancelled" ? "cancelled" : "failed",
      error: error.toWire(),
      version: definition?.version,
      decision,
      routeMs,
      runMs: 0,
      nowMs: Date.now(),
    });
  }

  #store(hand: Hand, result: Result): Promise<void> {
    return this.#journal.result(result, hand.traceparent).then(() => this.#hands.release(hand));
  }
}
