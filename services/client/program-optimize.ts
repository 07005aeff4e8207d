// Optimisations of programs: started, followed trial by trial, cancelled. A run goes on without the client that started it,
// and who follows it waits for a service that restarts meanwhile.

import { DspexError, type WireError } from "../../schemas/errors.ts";
import { adminRequest } from "./admin-request.ts";
import type { Api } from "./api.ts";
import { ObjectTransfer } from "./objects.ts";
import { patiently } from "./patience.ts";
import type { OptimizationOutcome } from "./program-versions.ts";

export interface ExampleRow {
  inputs: Record<string, unknown>;
  /** What is wanted. */
  outputs: Record<string, unknown>;
  /** Absent = a hash of the inputs decides. */
  split?: "train" | "validation" | "test" | "heldout";
}

export interface OptimizeOptions {
  /** Exactly one of `rows` and `fromLog`: own requests that were judged well. */
  rows?: readonly ExampleRow[];
  fromLog?: { minScore?: number };
  version?: string;
  /** What the result is compared with. */
  implementation?: string;
  optimizer?: string;
  metric?: string;
  model?: string;
  judgeModel?: string;
  embeddings?: string;
  seed?: number;
  trials?: number;
  testRows?: number;
  budget?: { calls?: number; tokens?: number; usd?: number; timeMs?: number };
  /** A version that is better is tried at once with this share of the requests. */
  canary?: number;
}

export interface OptimizationState {
  run: string;
  status: "running" | "finished" | "failed" | "cancelled";
  program: string;
  version: string;
  tried: number;
  trials: number;
  calls: number;
  /** Score of what there was, and the best so far. */
  base?: number;
  best?: { trial: number; score: number };
  report?: OptimizationOutcome;
  /** Version that it made; absent = nothing got better. */
  published?: string;
  error?: WireError;
}

/** An answer waits for so long for something new. */
const WAIT_MS = 10_000;
/** Rows are checked, and may be taken from the log first. */
const START_TIMEOUT_MS = 60_000;

/** @throws DspexError `unknown_program`; `invalid_inputs` for options that do not fit. */
export async function optimize(
  api: Api,
  name: string,
  options: OptimizeOptions,
): Promise<ProgramOptimization> {
  const { rows, ...settings } = options;
  const given = rows === undefined ? {} : await new ObjectTransfer(api).shrinkInputs({ rows });
  const body = { name, ...settings, ...given };
  const call = { verb: "program.optimize", body, timeoutMs: START_TIMEOUT_MS };
  const { run, id } = (await adminRequest(api, call)) as { run: string; id: string };
  return new ProgramOptimization(api, run, id);
}

export class ProgramOptimization {
  readonly run: string;
  /** Of its request. */
  readonly id: string;
  readonly #api: Api;

  constructor(api: Api, run: string, id: string) {
    this.#api = api;
    this.run = run;
    this.id = id;
  }

  /** How far it is; `seen` = answered as soon as other trials are done, within ten seconds. */
  async status(seen?: number): Promise<OptimizationState> {
    const body = { run: this.run, ...(seen !== undefined && { seen, waitMs: WAIT_MS }) };
    const timeoutMs = WAIT_MS + 10_000;
    return (await this.#api.request({ verb: "program.optimization", body, timeoutMs })) as OptimizationState;
  }

  /** Each state that differs by a trial, the last one when it has ended. */
  async *progress(): AsyncGenerator<OptimizationState> {
    let state = await this.#soon();
    yield state;
    while (state.status === "running") {
      const before = state.tried;
      state = await this.#soon(before);
      if (state.status !== "running" || state.tried > before) yield state;
    }
  }

  /** @throws DspexError what it failed with, or `cancelled`. */
  async result(): Promise<OptimizationState & { report: OptimizationOutcome }> {
    for await (const state of this.progress()) {
      const { status, error, report } = state;
      if (status === "cancelled") throw new DspexError("cancelled", `optimisation ${this.run} was cancelled`);
      if (status === "failed" && error !== undefined) throw DspexError.fromWire(error);
      if (status === "finished" && report !== undefined) return { ...state, report };
    }
    throw new DspexError("internal", `optimisation ${this.run} ended without a report`);
  }

  async cancel(): Promise<void> {
    await this.#api.request({ verb: `cancel.${this.id}` });
  }

  #soon(seen?: number): Promise<OptimizationState> {
    return patiently(() => this.status(seen), { isClosed: () => this.#api.isClosed });
  }
}
