// The TypeScript worker of pool `native`: structured and plain model calls, and choices.
//
//   deliver ─▶ answered already? ─▶ definition ─▶ adapter ─▶ outputs checked ─▶ result stored ─▶ ack
//                                                    └ throws ─▶ attempt.failed stored ─▶ ack

import { randomUUID } from "node:crypto";
import type { Span } from "@opentelemetry/api";
import { activeTraceparent, failSpan, SPAN, withSpan } from "../../observability/mod.ts";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { withLastMembers } from "../../schemas/envelope/last-members.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { ATTEMPT_FAILED_TYPE } from "../../schemas/messages/attempt-failed.ts";
import { type Control, type Credit, controlSchema } from "../../schemas/messages/control.ts";
import type { Usage } from "../../schemas/messages/parts.ts";
import { REQUEST_EVENTS } from "../../schemas/messages/request-event.ts";
import { RESULT_TYPE, type Result, writtenIn } from "../../schemas/messages/result.ts";
import { type Work, workSchema } from "../../schemas/messages/work.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  controlSubject,
  requestEventSubject,
  resultSubject,
} from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { createHeaders, type NatsConnection } from "../bus/connect.ts";
import { PartWatch } from "../bus/part-watch.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import type { Delivery } from "../log/work.ts";
import { type ModelAnswer, usageOf } from "./adapters/mod.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import type { Definitions } from "./definitions.ts";
import type { ModelCalls } from "./model-calls.ts";
import { type AttemptTimes, failureOf, resultOf, type WorkerName } from "./outcome-message.ts";
import { expandInputs } from "./session-inputs.ts";
import { processSpan } from "./spans.ts";
import { validatedAnswer } from "./validated-answer.ts";

export interface WorkerParts {
  connection: NatsConnection;
  appender: Appender;
  reader: LogReader;
  claimCheck: ClaimCheck;
  definitions: Definitions;
  calls: ModelCalls;
  name: WorkerName;
  slots: number;
}

/** Ids that were cancelled before their work came are remembered, this many. */
const CANCELLED_KEPT = 1_000;

/** The decision as it came, so that it leaves as it came: also with what a later version has put into it. */
function readWork(delivery: Delivery): Work {
  const { data } = delivery.json() as CloudEvent<Work>;
  return { ...workSchema.parse(data), decision: data.decision };
}

function countCall(watch: PartWatch, { timings }: Pick<ModelAnswer, "timings">): void {
  watch.lap("codeMs");
  watch.move(timings.modelMs, "codeMs", "modelMs");
  watch.move(timings.validateMs, "codeMs", "validateMs");
}

export class NativeWorker {
  readonly #parts: WorkerParts;
  /** By request: two where a second attempt runs beside the first. */
  readonly #running = new Map<string, Set<AbortController>>();
  readonly #streams = new Map<string, Set<ChunkWriter>>();
  readonly #cancelled = new Map<string, DspexError>();
  readonly #queue: (() => void)[] = [];
  #busy = 0;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { connection, name } = parts;
    for (const worker of [name.worker, "any"]) {
      connection.subscribe(controlSubject(name.pool, worker), {
        callback: (error, message) => {
          if (error === null) this.#control(message.json());
        },
      });
    }
  }

  get busy(): number {
    return this.#busy;
  }

  async handle(delivery: Delivery): Promise<void> {
    const watch = new PartWatch();
    await this.#enter();
    watch.lap("waitMs");
    try {
      const work = readWork(delivery);
      watch.lap("decodeMs");
      const traceparent = delivery.header(HEADER.traceparent);
      // Somebody had it before: it may have answered and died before it could say so.
      if (delivery.isDoubtful && (await this.#parts.reader.last(resultSubject(work.id))) !== null) return;
      const settings = processSpan(work, delivery, traceparent, this.#parts.name);
      await withSpan("native", SPAN.process(work.program), settings, (span) =>
        this.#attempt(work, delivery, span, watch),
      );
    } finally {
      this.#leave();
    }
  }

  /** Tells the log that an attempt failed without having been made. */
  async fail(work: Work, delivery: Delivery, error: DspexError): Promise<void> {
    const nowMs = Date.now();
    const startedAt = new Date(nowMs).toISOString();
    const times = { startedAt, startedAtMs: nowMs, durationMs: 0, nowMs, parts: new PartWatch() };
    const failed = failureOf(work, delivery.sequence, error.toWire(), undefined, times, this.#parts.name);
    await this.#append(ATTEMPT_FAILED_SUBJECT, ATTEMPT_FAILED_TYPE, failed, delivery);
  }

  async #attempt(work: Work, delivery: Delivery, span: Span, watch: PartWatch): Promise<void> {
    const startedAtMs = Date.now();
    const start = performance.now();
    const times = (): AttemptTimes => ({
      startedAt: new Date(startedAtMs).toISOString(),
      startedAtMs,
      durationMs: performance.now() - start,
      nowMs: Date.now(),
      parts: watch,
    });
    let usage: Usage | undefined;
    try {
      const answer = await this.#call(work, delivery, watch);
      usage = answer.usage;
      const outputs = await this.#parts.claimCheck.shrink(answer.outputs, work.user);
      await this.#storeResult(
        resultOf(work, delivery.sequence, { ...answer, outputs }, times(), this.#parts.name),
        work,
        delivery,
      );
    } catch (thrown) {
      const error = asDspexError(thrown);
      // Whoever cancelled has written the result.
      if (error.code === "cancelled") return;
      failSpan(span, error);
      usage ??= usageOf(thrown);
      const failed = failureOf(work, delivery.sequence, error.toWire(), usage, times(), this.#parts.name);
      await this.#append(ATTEMPT_FAILED_SUBJECT, ATTEMPT_FAILED_TYPE, failed, delivery);
    }
  }

  async #call(work: Work, delivery: Delivery, watch: PartWatch) {
    const { definitions, calls, claimCheck } = this.#parts;
    const abort = new AbortController();
    const leftMs = Date.parse(work.deadlineAt) - Date.now();
    const late = new DspexError("deadline_exceeded", "the request's deadline passed");
    if (leftMs <= 0) throw late;
    const early = this.#cancelled.get(work.id);
    if (early !== undefined) throw early;
    const timer = setTimeout(() => abort.abort(late), leftMs);
    const running = this.#running.get(work.id) ?? new Set();
    this.#running.set(work.id, running.add(abort));
    try {
      const definition = await definitions.find(work.program, work.version);
      const inputs = await expandInputs(claimCheck, definition, work);
      const history = await claimCheck.expandTurns(work.history ?? [], work.user);
      const told = { ...work, history };
      watch.skip();
      if (!work.stream) {
        const answer = await calls.run(definition, told, inputs, abort.signal, undefined);
        countCall(watch, answer);
        return validatedAnswer(definition, inputs, answer, watch);
      }
      using stream = this.#openStream(work, delivery);
      const answer = await calls.run(definition, told, inputs, abort.signal, stream.writer);
      countCall(watch, answer);
      const validated = validatedAnswer(definition, inputs, answer, watch);
      await stream.writer.finish(answer.outputs);
      return validated;
    } catch (thrown) {
      throw abort.signal.aborted ? abort.signal.reason : thrown;
    } finally {
      clearTimeout(timer);
      running.delete(abort);
      if (running.size === 0) this.#running.delete(work.id);
    }
  }

  /** Also when the attempt fails, nothing of its stream stays behind. */
  #openStream(work: Work, delivery: Delivery): Disposable & { writer: ChunkWriter } {
    const writer = new ChunkWriter(this.#parts.appender, work, delivery.deliveries);
    const open = this.#streams.get(work.id) ?? new Set();
    this.#streams.set(work.id, open.add(writer));
    return {
      writer,
      [Symbol.dispose]: () => {
        writer.abandon();
        open.delete(writer);
        if (open.size === 0) this.#streams.delete(work.id);
      },
    };
  }

  async #storeResult(result: Result, work: Work, delivery: Delivery): Promise<void> {
    const startedAt = performance.now();
    const { timings, ...rest } = result;
    const timed = (text: string) =>
      withLastMembers(text, { timings: writtenIn(timings, performance.now() - startedAt) });
    try {
      await this.#append(resultSubject(result.id), RESULT_TYPE, rest, delivery, 0, timed);
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
      const stored = await this.#parts.reader.last(resultSubject(result.id));
      const winner = stored === null ? undefined : (stored.json() as CloudEvent<Result>).data;
      // It may be our own earlier try, whose acknowledgement was lost.
      if (winner?.attempts.at(-1)?.attempt === work.attempt && winner.implementation === work.implementation)
        return;
      const { pool, worker } = this.#parts.name;
      const data = { id: work.id, attempt: work.attempt, pool, worker, usage: result.usage };
      await this.#append(requestEventSubject("superseded"), REQUEST_EVENTS.superseded.type, data, delivery);
    }
  }

  async #append(
    subject: string,
    type: string,
    data: unknown,
    delivery: Delivery,
    expectedLastSequence?: number,
    /** Ends the event's text. */
    end = (text: string): string => text,
  ): Promise<void> {
    const { appender, name } = this.#parts;
    const traceparent = activeTraceparent() ?? delivery.header(HEADER.traceparent);
    const headers = traceparent === undefined ? undefined : createHeaders();
    if (traceparent !== undefined) headers?.set(HEADER.traceparent, traceparent);
    const event = cloudEvent(
      type,
      `${name.pool}/${name.worker}`,
      randomUUID(),
      new Date().toISOString(),
      data,
      traceparent,
    );
    await appender.append(subject, end(stringifyJson(event)), { headers, expectedLastSequence });
  }

  #control(message: unknown): void {
    const parsed = controlSchema.safeParse(message);
    if (!parsed.success) return;
    if (parsed.data.verb === "cancel") this.#cancel(parsed.data);
    else if (parsed.data.verb === "credit") this.#giveCredit(parsed.data);
  }

  #giveCredit(credit: Credit): void {
    for (const writer of this.#streams.get(credit.id) ?? []) writer.hear(credit);
  }

  #cancel({ id, reason }: Extract<Control, { verb: "cancel" }>): void {
    const error = new DspexError(
      reason,
      reason === "cancelled" ? "the request was cancelled" : "the request's deadline passed",
    );
    for (const abort of this.#running.get(id) ?? []) abort.abort(error);
    // Another attempt may still be on its way here.
    this.#cancelled.set(id, error);
    if (this.#cancelled.size > CANCELLED_KEPT)
      this.#cancelled.delete(this.#cancelled.keys().next().value as string);
  }

  /** Takes a slot, or waits for one; what waits here is held and reported as in progress. */
  async #enter(): Promise<void> {
    if (this.#busy >= this.#parts.slots) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#busy++;
  }

  #leave(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#busy--;
    else next();
  }
}
