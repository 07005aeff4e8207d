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
import { type NativeRunner, nativeError } from "./native-functions.ts";
import { endFailed, runWithin, startRunSpan } from "./spans.ts";

export type InlineOutcome =
  | { outputs: Record<string, unknown>; attempt: Attempt }
  | { failed: Omit<AttemptFailed, "plan" | "requestSequence" | "workSequence"> };

export class InlineAttempt {
  readonly #runner: NativeRunner;
  readonly #claimCheck: ClaimCheck;
  readonly #worker: string;
  readonly #timeoutMs: number;

  /** `worker` is how results name this router. */
  constructor(runner: NativeRunner, claimCheck: ClaimCheck, worker: string, timeoutMs: number) {
    this.#runner = runner;
    this.#claimCheck = claimCheck;
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
        timeoutMs: order.implementation.timeoutMs ?? this.#timeoutMs,
        cancellation: hand,
      });
    if (!Object.values(order.inputs).some(looksLikeReference)) return call(order.inputs);
    return this.#claimCheck.expand(order.inputs, hand.intake.user).then(call);
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
