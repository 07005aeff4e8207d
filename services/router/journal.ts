// What a router writes to the log: results, work, failures and request events, each in its envelope.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { stringifyChecked } from "../../schemas/envelope/json.ts";
import { withLastMembers } from "../../schemas/envelope/last-members.ts";
import { ATTEMPT_FAILED_TYPE, type AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { BreakerChanged } from "../../schemas/messages/breaker-event.ts";
import { roundMs } from "../../schemas/messages/ms.ts";
import {
  REQUEST_EVENTS,
  type RequestConflicted,
  type RequestDeadLettered,
  type RequestRefused,
} from "../../schemas/messages/request-event.ts";
import { RESULT_TYPE, type Result, writtenIn } from "../../schemas/messages/result.ts";
import { WORK_TYPE, type Work } from "../../schemas/messages/work.ts";
import { WORKER_EVENTS, type WorkerFound, type WorkerLost } from "../../schemas/messages/worker-event.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  requestEventSubject,
  resultSubject,
  workerEventSubject,
  workSubject,
} from "../../schemas/subjects.ts";
import type { Appender, AppendOptions } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { nowText } from "../bus/clock.ts";
import { createHeaders, type MsgHdrs } from "../bus/connect.ts";
import type { WrittenResults } from "./written-results.ts";

export class Journal {
  readonly #appender: Appender;
  readonly #source: string;
  readonly #written: WrittenResults | undefined;

  /** `written`: keeps what it writes for the fold. */
  constructor(appender: Appender, source: string, written?: WrittenResults) {
    this.#appender = appender;
    this.#source = source;
    this.#written = written;
  }

  /** Stores the result unless there is one. Returns false when somebody was first. */
  result(result: Result, traceparent: string | undefined): Promise<boolean> {
    const startedAt = performance.now();
    const subject = resultSubject(result.id);
    const text = this.#event(RESULT_TYPE, { ...result, timings: undefined }, traceparent);
    const timings = writtenIn(result.timings, performance.now() - startedAt);
    const body = Buffer.from(withLastMembers(text, { timings }));
    this.#written?.keep(subject, body, { data: { ...result, timings } });
    return this.#unlessAnswered(subject, body, traceparent, {});
  }

  /** Sends work unless the request has a result. Returns false when it has. `findStored` as in `append`. */
  async work(
    work: Work,
    pool: string,
    worker: string | undefined,
    traceparent: string | undefined,
    findStored: () => Promise<number | undefined>,
  ): Promise<boolean> {
    const startedAt = performance.now();
    const text = this.#event(WORK_TYPE, work, traceparent);
    const body = withLastMembers(text, { encodeMs: roundMs(performance.now() - startedAt) });
    return this.#unlessAnswered(workSubject(pool, worker), body, traceparent, {
      expectedSubject: resultSubject(work.id),
      findStored,
    });
  }

  async attemptFailed(failed: AttemptFailed, traceparent: string | undefined): Promise<void> {
    await this.#append(ATTEMPT_FAILED_SUBJECT, ATTEMPT_FAILED_TYPE, failed, traceparent);
  }
  async refused(data: RequestRefused): Promise<void> {
    await this.#append(requestEventSubject("refused"), REQUEST_EVENTS.refused.type, data, undefined);
  }
  async conflicted(data: RequestConflicted): Promise<void> {
    await this.#append(requestEventSubject("conflicted"), REQUEST_EVENTS.conflicted.type, data, undefined);
  }
  async deadLettered(data: RequestDeadLettered): Promise<void> {
    await this.#append(
      requestEventSubject("dead-lettered"),
      REQUEST_EVENTS["dead-lettered"].type,
      data,
      undefined,
    );
  }

  async workerLost(data: WorkerLost): Promise<void> {
    await this.#append(workerEventSubject("lost"), WORKER_EVENTS.lost.type, data, undefined);
  }
  async workerFound(data: WorkerFound): Promise<void> {
    await this.#append(workerEventSubject("found"), WORKER_EVENTS.found.type, data, undefined);
  }
  async breaker(subject: string, type: string, data: BreakerChanged): Promise<void> {
    await this.#append(subject, type, data, undefined);
  }

  async #append(
    subject: string,
    type: string,
    data: unknown,
    traceparent: string | undefined,
  ): Promise<void> {
    await this.#appender.append(subject, this.#event(type, data, traceparent), {
      headers: traceHeaders(traceparent),
    });
  }

  #unlessAnswered(
    subject: string,
    body: string | Uint8Array,
    traceparent: string | undefined,
    expectation: Pick<AppendOptions, "expectedSubject" | "findStored">,
  ): Promise<boolean> {
    const headers = traceHeaders(traceparent);
    return this.#appender.append(subject, body, { headers, expectedLastSequence: 0, ...expectation }).then(
      () => true,
      (error) => {
        if (isWrongLastSequence(error)) return false;
        throw error;
      },
    );
  }

  #event(type: string, data: unknown, traceparent: string | undefined): string {
    return stringifyChecked(cloudEvent(type, this.#source, randomUUID(), nowText(), data, traceparent));
  }
}

function traceHeaders(traceparent: string | undefined): MsgHdrs | undefined {
  if (traceparent === undefined) return undefined;
  const headers = createHeaders();
  headers.set(HEADER.traceparent, traceparent);
  return headers;
}
