// Appends what is decided of a run or a pipeline, on the condition that nothing has happened to it since.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { PIPELINE_EVENTS, type PipelineVerb } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { LogReader } from "../log/read.ts";
import type { PipelinesFold } from "./fold.ts";

export interface JournalOptions {
  instance: number;
  fold: PipelinesFold;
  reader: LogReader;
  appender: Appender;
}

export class Journal {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Appends an event of `name`, a run or a pipeline, and returns its sequence; undefined when something else had
   * happened: the fold has then passed that, and whoever asked decides again.
   */
  async append(
    user: string,
    name: string,
    verb: PipelineVerb,
    data: object,
    last: number,
    traceparent?: string,
  ): Promise<number | undefined> {
    const { instance, appender, fold } = this.#options;
    const time = new Date().toISOString();
    const { type } = PIPELINE_EVENTS[verb];
    const event = cloudEvent(type, `pipelines/${instance}`, randomUUID(), time, data, traceparent);
    const expectedSubject = pipelineEventSubject(user, name, "*");
    try {
      return await appender.append(pipelineEventSubject(user, name, verb), stringifyJson(event), {
        expectedLastSequence: last,
        expectedSubject,
      });
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
      await fold.passed(await this.last(user, name));
      return undefined;
    }
  }

  /** Sequence of the last event of a run or a pipeline; 0 = none. */
  async last(user: string, name: string): Promise<number> {
    const message = await this.#options.reader.last(pipelineEventSubject(user, name, "*"));
    return message?.sequence ?? 0;
  }
}
