// One attempt with a native function: wire inputs → TypeScript values → function → wire outputs, with its times.

import { boundedError } from "../../schemas/bounded-error.ts";
import type { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Attempt } from "../../schemas/messages/parts.ts";
import { decodeInputs, encodeOutputs } from "../../schemas/signature/mod.ts";
import { nowText } from "../bus/clock.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import { looksLikeReference } from "../log/claim-check.ts";
import type { AttemptOrder } from "./decide.ts";
import { signatureOf } from "./definitions.ts";
import type { Hand } from "./hand.ts";
import { openField } from "./history-input.ts";
import { type NativeRunner, nativeError } from "./native-functions.ts";
import type { SessionHistory } from "./session-history.ts";
import { endFailed, runWithin, startRunSpan } from "./spans.ts";

export type InlineOutcome =
  | { outputs: Record<string, unknown>; attempt: Attempt }
  | { failed: Omit<AttemptFailed, "plan" | "requestSequence" | "workSequence"> };

export interface InlineAttemptParts {
  runner: NativeRunner;
  claimCheck: ClaimCheck;
  history: SessionHistory;
  /** How results name this router. */
  worker: string;
  timeoutMs: number;
}

export class InlineAttempt {
  readonly #runner: NativeRunner;
  readonly #claimCheck: ClaimCheck;
  readonly #history: SessionHistory;
  readonly #worker: string;
  readonly #timeoutMs: number;

  constructor({ runner, claimCheck, history, worker, timeoutMs }: InlineAttemptParts) {
    this.#runner = runner;
    this.#claimCheck = claimCheck;
    this.#history = history;
    this.#worker = worker;
    this.#timeoutMs = timeoutMs;
  }

  /** Never throws: what the function throws is a failed attempt. Synchronous where the function is. */
  run(order: AttemptOrder, hand: Hand): InlineOutcome | Promise<InlineOutcome> {
    const startedAt = nowText();
    const start = performance.now();
    const span = startRunSpan(order, hand.traceparent);
    const succeed = (values: unknown): InlineOutcome => {
      const outputs = encodeOutputs(signatureOf(order.definition), values);
      span.end();
      return { outputs, attempt: { ...this.#facts(order, startedAt, start) } };
    };
    const fail = (thrown: unknown): InlineOutcome => {
      const error: DspexError = nativeError(thrown);
      endFailed(span, error);
      return {
        failed: {
          id: order.id,
          ...this.#facts(order, startedAt, start),
          pool: "native",
          worker: this.#worker,
          error: boundedError(error.toWire()),
        },
      };
    };
    try {
      const values = runWithin(span, () => this.#call(order, hand));
      if (values instanceof Promise) return values.then(succeed).catch(fail);
      return succeed(values);
    } catch (thrown) {
      return fail(thrown);
    }
  }

  #call(order: AttemptOrder, hand: Hand): unknown {
    const call = (inputs: Record<string, unknown>): unknown =>
      this.#runner.run({
        requestId: order.id,
        traceparent: hand.traceparent,
        program: order.definition.name,
        implementation: order.implementation.name,
        inline: order.implementation.kind === "native" && order.implementation.inline === true,
        inputs: decodeInputs(signatureOf(order.definition), inputs),
        variables: order.variables,
        timeoutMs: order.implementation.timeoutMs ?? this.#timeoutMs,
        cancellation: hand,
      });
    const { request } = hand.intake;
    const field = request === undefined ? undefined : openField(order.definition, request);
    const hasReferences = Object.values(order.inputs).some(looksLikeReference);
    if (field === undefined && !hasReferences) return call(order.inputs);
    return this.#whole(order, hand, field).then(call);
  }

  /** Inputs with values in place of references, and with the session's turns where they belong. */
  async #whole(order: AttemptOrder, hand: Hand, field: string | undefined): Promise<Record<string, unknown>> {
    const { user } = hand.intake;
    const inputs = await this.#claimCheck.expand(order.inputs, user);
    const history = field === undefined ? undefined : await this.#history.of(order, hand);
    if (field === undefined || history === undefined) return inputs;
    return { ...inputs, [field]: await this.#claimCheck.expandTurns(history.turns, user) };
  }

  #facts(order: AttemptOrder, startedAt: string, start: number) {
    return {
      attempt: order.attempt,
      implementation: order.implementation.name,
      pool: "native",
      worker: this.#worker,
      startedAt,
      durationMs: Math.round((performance.now() - start) * 1_000) / 1_000,
    };
  }
}
