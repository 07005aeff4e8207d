// One attempt with a native function: wire inputs → TypeScript values → function → wire outputs, with its times.

import { boundedError } from "../../schemas/bounded-error.ts";
import type { DspexError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Attempt } from "../../schemas/messages/parts.ts";
import type { Validation } from "../../schemas/messages/validator.ts";
import { decodeInputs, encodeOutputs } from "../../schemas/signature/mod.ts";
import { nowText } from "../bus/clock.ts";
import { type AttemptParts, PartWatch } from "../bus/part-watch.ts";
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
  | {
      outputs: Record<string, unknown>;
      validation?: Validation;
      attempt: Attempt;
      parts: AttemptParts;
    }
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
    const watch = new PartWatch(start);
    const { validators } = order.definition;
    let { inputs } = order;
    const end = (outputs: Record<string, unknown>, validation?: Validation): InlineOutcome => {
      watch.lap("validateMs");
      span.end();
      const facts = this.#facts(order, startedAt, start);
      const told = { outputs, attempt: { ...facts }, parts: watch };
      return validation === undefined ? told : { ...told, validation };
    };
    const succeed = (values: unknown): InlineOutcome | Promise<InlineOutcome> => {
      watch.lap("codeMs");
      const outputs = encodeOutputs(signatureOf(order.definition), values);
      if (validators === undefined) return end(outputs);
      const { implementation } = order;
      const validation = this.#runner.check({
        implementation: implementation.name,
        timeoutMs: implementation.timeoutMs ?? this.#timeoutMs,
        cancellation: hand,
        validators,
        inputs,
        outputs,
      });
      if (!(validation instanceof Promise)) return end(outputs, validation);
      return validation.then((told) => end(outputs, told));
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
      const onInputs = validators && ((whole: Record<string, unknown>) => (inputs = whole));
      const values = runWithin(span, () => this.#call(order, hand, watch, onInputs));
      if (values instanceof Promise) return values.then(succeed).catch(fail);
      const outcome = succeed(values);
      return outcome instanceof Promise ? outcome.catch(fail) : outcome;
    } catch (thrown) {
      return fail(thrown);
    }
  }

  /** `onInputs` is told of inputs that are not as they came. */
  #call(
    order: AttemptOrder,
    hand: Hand,
    watch: PartWatch,
    onInputs: ((whole: Record<string, unknown>) => void) | undefined,
  ): unknown {
    const call = (wire: Record<string, unknown>): unknown => {
      const inputs = decodeInputs(signatureOf(order.definition), wire);
      watch.lap("decodeMs");
      return this.#runner.run({
        requestId: order.id,
        traceparent: hand.traceparent,
        program: order.definition.name,
        implementation: order.implementation.name,
        inline: order.implementation.kind === "native" && order.implementation.inline === true,
        inputs,
        variables: order.variables,
        timeoutMs: order.implementation.timeoutMs ?? this.#timeoutMs,
        cancellation: hand,
        onBegin: (waitedMs) => watch.move(waitedMs, "codeMs", "waitMs"),
      });
    };
    const { request } = hand.intake;
    const field = request === undefined ? undefined : openField(order.definition, request);
    const hasReferences = Object.values(order.inputs).some(looksLikeReference);
    if (field === undefined && !hasReferences) return call(order.inputs);
    return this.#whole(order, hand, field).then((whole) => {
      onInputs?.(whole);
      watch.skip();
      return call(whole);
    });
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
