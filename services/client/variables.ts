// Variables as an application sees them: values with their bounds and history; and, for administrators, declaring,
// setting, resetting and deprecating them, and searching for better values.

import type { VariableDefinition, VariableMetric } from "../../schemas/messages/variable-event.ts";
import { adminRequest } from "./admin-request.ts";
import type { Api } from "./api.ts";
import type {
  OptimizationInfo,
  PastChange,
  VariableCommandAnswer,
  VariableDetails,
  VariableHistoryAnswer,
  VariableInfo,
} from "./variables-answers.ts";
import { type ListVariables, listVariables } from "./variables-list.ts";
import { type ObserveVariables, observeVariables } from "./variables-observe.ts";
import {
  listOptimizations,
  type Objective,
  Optimization,
  type OptimizationBudget,
  type OptimizationOptions,
  startOptimization,
} from "./variables-optimize.ts";
import type { VariableUpdate } from "./variables-update.ts";

export interface ChangeOptions {
  /** Why, for the history. */
  reason?: string;
  /** Versions that these variables must have, else `conflict`: nobody was faster. */
  expect?: Readonly<Record<string, number>>;
}
export interface SetOptions extends ChangeOptions {
  /** What the value was worth. */
  metric?: VariableMetric;
}

export class Variables {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Those whose names a pattern means (`qa_*`), by name; deprecated ones only if they are asked for. */
  async list(options: ListVariables = {}): Promise<VariableInfo[]> {
    return (await listVariables(this.#api, options)).variables;
  }

  /** @throws DspexError `not_found` */
  get(name: string): Promise<VariableDetails> {
    return this.#ask("get", { name });
  }

  /** Its last changes, the newest first: who, when, why, with what result. @throws DspexError `not_found` */
  async history(name: string, { limit = 20 }: { limit?: number } = {}): Promise<PastChange[]> {
    const all: PastChange[] = [];
    let before: number | undefined;
    do {
      const wanted = limit - all.length;
      const answer = await this.#ask<VariableHistoryAnswer>("history", { name, limit: wanted, before });
      all.push(...answer.changes);
      before = answer.changes.length === 0 ? undefined : answer.before;
    } while (before !== undefined && all.length < limit);
    return all;
  }

  /**
   * Declares variables for all users, all of them or none; needs the admin right. What is declared so already changes
   * nothing; a value that still fits stays.
   * @throws DspexError `invalid_inputs` with the path of what does not fit; a cycle is named.
   */
  register(
    variables: readonly VariableDefinition[],
    { reason }: { reason?: string } = {},
  ): Promise<VariableCommandAnswer> {
    return this.#order("register", { variables, reason });
  }

  /**
   * Sets values for all users, all of them or none, with everything that is computed from them; needs the admin right.
   * @throws DspexError `invalid_inputs` where one does not fit; `conflict` for an unexpected version; `not_found`, `gone`.
   */
  set(values: Readonly<Record<string, unknown>>, options: SetOptions = {}): Promise<VariableCommandAnswer> {
    return this.#order("set", { values, ...options });
  }

  /** Back to their defaults; needs the admin right. */
  reset(names: readonly string[], options: ChangeOptions = {}): Promise<VariableCommandAnswer> {
    return this.#order("reset", { names, ...options });
  }

  /**
   * It keeps its value and takes no other; needs the admin right.
   * @throws DspexError `conflict` while others are computed from it.
   */
  deprecate(
    name: string,
    options: ChangeOptions & { replacedBy?: string } = {},
  ): Promise<VariableCommandAnswer> {
    return this.#order("deprecate", { name, ...options });
  }

  /**
   * Changes of those that a name or pattern means, from a sequence of the log on: history, then live, without a gap and
   * without a repetition, whatever restarts meanwhile.
   */
  observe(pattern = "*", options: ObserveVariables = {}): AsyncGenerator<VariableUpdate> {
    return observeVariables(this.#api, pattern, options);
  }

  /**
   * Searches for better values of these, and puts them in force where they are surely better on examples that nothing was
   * searched on; needs the admin right. A search that touches variables of another one waits for it.
   * @throws DspexError `invalid_inputs` for what cannot be searched or measured; `not_found`, `gone`, `unknown_program`.
   */
  optimize(
    variables: readonly string[],
    objective: Objective,
    budget: OptimizationBudget = {},
    options: OptimizationOptions = {},
  ): Promise<Optimization> {
    return startOptimization(this.#api, variables, objective, budget, options);
  }

  /** A search by its name, also one of an earlier life of the application. */
  optimization(run: string): Optimization {
    return new Optimization(this.#api, run);
  }

  /** Whose searches run and wait, in the order in which they will start; and, if asked for, those that have ended. */
  optimizations({ ended = false }: { ended?: boolean } = {}): Promise<OptimizationInfo[]> {
    return listOptimizations(this.#api, ended);
  }

  async #ask<Answer>(verb: string, body: object): Promise<Answer> {
    return (await this.#api.request({ verb: `variable.${verb}`, body: given(body) })) as Answer;
  }

  async #order(verb: string, body: object): Promise<VariableCommandAnswer> {
    const call = { verb: `variable.${verb}`, body: given(body) };
    return (await adminRequest(this.#api, call)) as VariableCommandAnswer;
  }
}

function given(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
