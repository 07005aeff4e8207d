// The requests of searches for better values, and their results. A service may have died between the event of a start
// and its request, so the log is looked at before one is sent; what is sent is the same whoever sends it.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import {
  variableOptimizationQueuedSchema,
  variableOptimizationStartedSchema,
} from "../../../schemas/messages/variable-optimization-event.ts";
import { requestSubject, resultSubject } from "../../../schemas/subjects.ts";
import type { Appender } from "../../bus/append.ts";
import { nowText } from "../../bus/clock.ts";
import type { LogReader } from "../../log/read.ts";
import { optimizationId, requestOf } from "./command.ts";
import { checkOf } from "./event.ts";
import type { VariableRun } from "./state.ts";
import { TUNER_PROGRAM } from "./tuner.ts";

const BATCH = 64;
const MOST_SENT = 1_024;

export class RunRequests {
  readonly #reader: LogReader;
  readonly #appender: Appender;
  /** Known to be in the log. */
  readonly #sent = new Set<string>();

  constructor(reader: LogReader, appender: Appender) {
    this.#reader = reader;
    this.#appender = appender;
  }

  /** Returns when the request is in the log: the one that searches, or the one that measures what came of it. */
  async send(run: VariableRun, isCheck: boolean): Promise<void> {
    const { user, startedSequence = 0, queuedSequence } = run;
    const id = optimizationId(user, isCheck ? checkOf(run.run) : run.run);
    if (this.#sent.has(id)) return;
    const subject = requestSubject(user, TUNER_PROGRAM);
    if (!(await this.#isThere(subject, id, startedSequence))) {
      const queued = variableOptimizationQueuedSchema.parse(await this.#dataAt(queuedSequence));
      const started = variableOptimizationStartedSchema.parse(await this.#dataAt(startedSequence));
      await this.#appender.append(subject, stringifyJson(requestOf(queued, started, isCheck, nowText())));
    }
    this.#sent.add(id);
    // What is forgotten is looked for in the log again.
    if (this.#sent.size > MOST_SENT) this.#sent.delete(this.#sent.values().next().value as string);
  }

  /** @param name of the run, or of its check. */
  async result({ user }: VariableRun, name: string): Promise<Result> {
    const stored = await this.#reader.last(resultSubject(optimizationId(user, name)));
    if (stored === null) throw new Error(`no result of ${name} in the log`);
    return (stored.json() as CloudEvent<Result>).data;
  }

  async #isThere(subject: string, id: string, after: number): Promise<boolean> {
    for (let from = after + 1; ; ) {
      const found = await this.#reader.some(subject, from, BATCH);
      if (found.some((message) => (message.json() as { data?: { id?: string } }).data?.id === id))
        return true;
      if (found.length < BATCH) return false;
      from = (found.at(-1)?.sequence ?? from) + 1;
    }
  }

  async #dataAt(sequence: number): Promise<unknown> {
    const message = await this.#reader.at(sequence);
    if (message === null) throw new Error(`message ${sequence} is no longer in the log`);
    return (message.json() as CloudEvent<unknown>).data;
  }
}
