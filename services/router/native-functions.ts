// Runs native functions. Those declared `inline` are trusted to be short and run right here; all others run in worker
// threads, where one that blocks, throws or never returns harms nobody: its thread is ended and replaced.

import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Validation, Validator } from "../../schemas/messages/validator.ts";
import { checkOutputs, isLongerThan, readsInputs } from "../native/modules/validators/mod.ts";
import type { NativeFunction, NativeFunctions } from "../programs/define.ts";
import type { NativeLanes } from "./native-lanes.ts";

export interface NativeCall {
  requestId: string;
  traceparent: string | undefined;
  program: string;
  implementation: string;
  inline: boolean;
  inputs: Record<string, unknown>;
  /** Values of variables, by their names and by the function's own keys. */
  variables: Readonly<Record<string, unknown>>;
  timeoutMs: number;
  cancellation: Cancellation;
  /** Called when a thread takes it, which it waited so long for. */
  onBegin(waitedMs: number): void;
}

/** Outputs, as they travel, that a program's validators look at. */
export interface ValidatorCall {
  implementation: string;
  timeoutMs: number;
  cancellation: Cancellation;
  validators: readonly Validator[];
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

/** Whether a call is still wanted; the signal is made on first use. */
export interface Cancellation {
  readonly aborted: boolean;
  readonly signal: AbortSignal;
}

/** Longest time that an inline function may hold the router's only thread before it is reported, ms. */
const INLINE_BUDGET_MS = 20;
/** Inputs and outputs with more text than this are looked at by validators in a thread of their own. */
const LONG_CHARACTERS = 4_096;
const REPORT_EVERY_MS = 60_000;

export class NativeRunner {
  readonly #functions: NativeFunctions;
  readonly #lanes: NativeLanes;
  /** By function: when it may be reported again. */
  readonly #quietUntil = new Map<string, number>();
  readonly #onSlow: (call: NativeCall, blockedMs: number) => void;

  constructor(
    functions: NativeFunctions,
    lanes: NativeLanes,
    onSlow: (call: NativeCall, blockedMs: number) => void,
  ) {
    this.#functions = functions;
    this.#lanes = lanes;
    this.#onSlow = onSlow;
  }

  has(program: string, implementation: string): boolean {
    return this.#functions.has(`${program}/${implementation}`);
  }

  /** Outputs as the function returned them. A synchronous inline function answers synchronously. */
  run(call: NativeCall): unknown | Promise<unknown> {
    const run = this.#functions.get(`${call.program}/${call.implementation}`);
    if (run === undefined) {
      throw new DspexError(
        "module_not_found",
        `function "${call.implementation}" of "${call.program}" is not in this process`,
      );
    }
    return call.inline ? this.#runInline(run, call) : this.#lanes.run(call);
  }

  /** What the validators say: at once of short texts. @throws DspexError `output_invalid` */
  check(call: ValidatorCall): Validation | Promise<Validation> {
    const { validators, outputs } = call;
    const inputs = validators.some(readsInputs) ? call.inputs : {};
    if (!isLongerThan([inputs, outputs], LONG_CHARACTERS)) return checkOutputs(validators, inputs, outputs);
    return this.#lanes.check({ ...call, inputs });
  }

  #reportSlow(call: NativeCall, blockedMs: number, now: number): void {
    const key = `${call.program}/${call.implementation}`;
    if (now < (this.#quietUntil.get(key) ?? 0)) return;
    this.#quietUntil.set(key, now + REPORT_EVERY_MS);
    this.#onSlow(call, blockedMs);
  }

  #runInline(run: NativeFunction, call: NativeCall): unknown | Promise<unknown> {
    const startedAt = performance.now();
    const { cancellation, variables } = call;
    const outputs = run(call.inputs, {
      variables,
      get signal() {
        return cancellation.signal;
      },
    });
    const endedAt = performance.now();
    const blockedMs = endedAt - startedAt;
    if (blockedMs > INLINE_BUDGET_MS) this.#reportSlow(call, blockedMs, endedAt);
    if (!(outputs instanceof Promise)) return outputs;
    return withTimeout(outputs, call);
  }
}

/** What a function that threw is reported as: its own typed error, or `internal` with its message. */
export function nativeError(thrown: unknown): DspexError {
  return asDspexError(thrown);
}

async function withTimeout(outputs: Promise<unknown>, call: NativeCall): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        new DspexError(
          "internal",
          `function "${call.implementation}" did not finish within ${call.timeoutMs} ms`,
        ),
      ),
    call.timeoutMs,
  );
  const onAbort = () =>
    late.reject(new DspexError("cancelled", "the request was cancelled or its deadline passed"));
  call.cancellation.signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([outputs, late.promise]);
  } finally {
    clearTimeout(timer);
    call.cancellation.signal.removeEventListener("abort", onAbort);
  }
}
