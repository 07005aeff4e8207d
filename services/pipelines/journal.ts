// Appends what is decided of a run or a pipeline, on the condition that nothing has happened to it since.

import { PIPELINE_EVENTS, type PipelineVerb } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import { Journal } from "../log/journal.ts";
import type { LogPart } from "../log/start-part.ts";
import type { PipelinesFold } from "./fold.ts";

export class PipelineJournal {
  readonly #journal: Journal;

  constructor(part: Pick<LogPart, "source" | "appender" | "reader">, fold: PipelinesFold) {
    this.#journal = new Journal({ ...part, fold });
  }

  /**
   * Appends an event of `name`, a run or a pipeline, and returns its sequence; undefined when something else had
   * happened: the fold has then passed that, and whoever asked decides again.
   */
  append(
    user: string,
    name: string,
    verb: PipelineVerb,
    data: object,
    last: number,
    traceparent?: string,
  ): Promise<number | undefined> {
    const { type } = PIPELINE_EVENTS[verb];
    const event = { subject: pipelineEventSubject(user, name, verb), type, data, traceparent };
    return this.#journal.append(event, pipelineEventSubject(user, name, "*"), last);
  }

  /** Sequence of the last event of a run or a pipeline; 0 = none. */
  last(user: string, name: string): Promise<number> {
    return this.#journal.last(pipelineEventSubject(user, name, "*"));
  }
}
