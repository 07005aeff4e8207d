// A search for better values as an application sees it: started, followed, waited for, cancelled. It goes on whoever
// follows it; a service that restarts meanwhile is waited for.

import { DspexError } from "../../schemas/errors.ts";
import type { Measure } from "../../schemas/messages/variable-optimization-event.ts";
import { adminRequest } from "./admin-request.ts";
import type { Api } from "./api.ts";
import { ObjectTransfer } from "./objects.ts";
import { patiently } from "./patience.ts";
import type { ExampleRow } from "./program-optimize.ts";
import type { OptimizationInfo, OptimizationListAnswer } from "./variables-answers.ts";

export type Example = ExampleRow;

export interface Objective {
  /** That is measured, whole: requests with the variables overridden. */
  program: string;
  data: readonly Example[];
  /** `exact` (default), `f1`, `contains`, `semantic`, `llm-judge`, or `module:fn`. */
  metric?: string;
  /** What counts: `quality` (default), `latencyMs`, `tokens`, `costUsd`. */
  measures?: readonly Measure[];
  /** Model that judges, for `llm-judge`. */
  judgeModel?: string;
  /** `module:fn` that makes vectors, for `semantic`. */
  embeddings?: string;
}

/** What may be spent in all. */
export interface OptimizationBudget {
  /** 24 by default. */
  trials?: number;
  calls?: number;
  tokens?: number;
  usd?: number;
  timeMs?: number;
}

export interface OptimizationOptions {
  /** Put the best values in force where they are surely better (default), or only tell them. */
  apply?: boolean;
  /** Of waiting runs, 0 to 9; 5 by default. */
  priority?: number;
  seed?: number;
  /** Held-out examples that are compared, examples of one trial, requests under way at once. */
  testRows?: number;
  trialRows?: number;
  concurrency?: number;
}

const WAIT_MS = 10_000;

export async function startOptimization(
  api: Api,
  variables: readonly string[],
  { data, ...objective }: Objective,
  budget: OptimizationBudget,
  options: OptimizationOptions,
): Promise<Optimization> {
  const shrunk = await new ObjectTransfer(api).shrinkInputs({ data });
  const body = { variables, objective: { ...objective, ...shrunk }, budget, ...options };
  const info = (await adminRequest(api, { verb: "variable.optimize", body })) as OptimizationInfo;
  return new Optimization(api, info.run);
}

export async function listOptimizations(api: Api, ended: boolean): Promise<OptimizationInfo[]> {
  const answer = await api.request({ verb: "variable.optimizations", body: { ended } });
  return (answer as OptimizationListAnswer).optimizations;
}

export class Optimization {
  readonly run: string;
  readonly #api: Api;

  constructor(api: Api, run: string) {
    this.#api = api;
    this.run = run;
  }

  /** How far it is. @throws DspexError `not_found` for a run that is none, or another user's. */
  status(): Promise<OptimizationInfo> {
    return this.#ask({});
  }

  /** How far it is, each time that it has moved, until its end. */
  async *progress(): AsyncGenerator<OptimizationInfo> {
    let seen: number | undefined;
    for (;;) {
      const info = await this.#moved(seen);
      if (info.moved !== seen || isOver(info)) yield info;
      if (isOver(info)) return;
      seen = info.moved;
    }
  }

  /**
   * What came of it: what was found, how sure that is, and whether it is in force.
   * @throws DspexError with what it failed with; `cancelled`.
   */
  async result(): Promise<OptimizationInfo> {
    for await (const info of this.progress()) {
      if (info.status === "finished") return info;
      if (info.status === "cancelled")
        throw new DspexError("cancelled", `optimisation ${this.run} was cancelled`);
      if (info.status === "failed" && info.error !== undefined) throw DspexError.fromWire(info.error);
    }
    throw new DspexError("internal", `optimisation ${this.run} has no end`);
  }

  /** One that waits is over at once; one that runs, soon. */
  async cancel(): Promise<OptimizationInfo> {
    const body = { run: this.run };
    return (await this.#api.request({ verb: "variable.cancel", body })) as OptimizationInfo;
  }

  #moved(seen: number | undefined): Promise<OptimizationInfo> {
    const ask = () => this.#ask(seen === undefined ? {} : { seen, waitMs: WAIT_MS });
    return patiently(ask, { isClosed: () => this.#api.isClosed });
  }

  async #ask(more: object): Promise<OptimizationInfo> {
    const body = { run: this.run, ...more };
    const call = { verb: "variable.optimization", body, timeoutMs: 2 * WAIT_MS };
    return (await this.#api.request(call)) as OptimizationInfo;
  }
}

function isOver({ status }: OptimizationInfo): boolean {
  return status === "finished" || status === "failed" || status === "cancelled";
}
