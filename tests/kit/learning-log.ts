// Messages of the log that somebody learns from, as routers and workers write them: for tests that need a log without a
// system. One message after another, by a clock and a counter of its own.

import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { ErrorCode } from "../../schemas/error-codes.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { ATTEMPT_FAILED_TYPE } from "../../schemas/messages/attempt-failed.ts";
import type { Decision } from "../../schemas/messages/parts.ts";
import { POLICY_EVENTS, type PolicyVerb } from "../../schemas/messages/policy-event.ts";
import { PROGRAM_EVENTS, type ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { RESULT_TYPE, type Result } from "../../schemas/messages/result.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  feedbackSubject,
  policyEventSubject,
  programEventSubject,
  resultSubject,
} from "../../schemas/subjects.ts";
import type { DecisionFeatures } from "../../services/learning/outcomes/features.ts";
import { armsOf } from "../../services/learning/statistics/arms.ts";
import { definitionOf } from "../../services/programs/definition.ts";

export interface WrittenMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  event: unknown;
  json(): unknown;
}

export interface Ended {
  program?: string;
  implementation: string;
  task?: string;
  length?: number;
  latencyMs?: number;
  /** Of each implementation; by default all alike. */
  probabilities?: readonly number[];
  hash?: string;
  labelScores?: Record<string, number>;
  features?: Partial<DecisionFeatures>;
}

/** When the first message was written, ms since 1970. */
const START_MS = Date.parse("2026-03-02T10:00:00Z");

export class LearningLog {
  readonly messages: WrittenMessage[] = [];
  readonly #definitions = new Map<string, ProgramDefinition>();
  timeMs = START_MS;
  #request = 0;

  get sequence(): number {
    return this.messages.length;
  }

  /** Time goes on. */
  wait(ms: number): this {
    this.timeMs += ms;
    return this;
  }

  register(name: string, implementations: readonly string[], more: object = {}): this {
    const definition = definitionOf({
      name,
      signature: "text: str -> label: str",
      implementations: implementations.map((one) => ({ kind: "structured", name: one })),
      ...more,
    });
    this.#definitions.set(name, definition);
    const data = { ...definition, by: "config" };
    return this.#write(programEventSubject(name, "registered"), PROGRAM_EVENTS.registered.type, data);
  }

  remove(name: string): this {
    const data = { name, by: "config" };
    return this.#write(programEventSubject(name, "removed"), PROGRAM_EVENTS.removed.type, data);
  }

  succeed(ended: Ended): this {
    const { implementation, latencyMs = 100, hash = "h", program = "p", labelScores } = ended;
    const id = this.#id();
    const result: Result = {
      id,
      status: "succeeded",
      outputs: { label: "x" },
      program,
      implementation,
      attempts: [{ attempt: 1, implementation, startedAt: this.#now(), durationMs: latencyMs, usage: USAGE }],
      usage: USAGE,
      timings: { queueMs: 0, routeMs: 0, runMs: latencyMs, totalMs: latencyMs },
      decision: this.#decision(ended),
      requestHash: hash,
      log: { request: 1, work: [], failures: [] },
      ...(labelScores !== undefined && { labelScores }),
    };
    return this.#write(resultSubject(id), RESULT_TYPE, result);
  }

  /** The first attempt fails. */
  fail(ended: Ended, code: ErrorCode = "lm_unavailable"): this {
    const failed: AttemptFailed = {
      id: this.#id(),
      attempt: 1,
      implementation: ended.implementation,
      pool: "native",
      worker: "0",
      error: { code, message: "no", retryable: true },
      startedAt: this.#now(),
      durationMs: 10,
      plan: [],
      decision: this.#decision(ended),
      requestSequence: 1,
      workSequence: 1,
    };
    return this.#write(ATTEMPT_FAILED_SUBJECT, ATTEMPT_FAILED_TYPE, failed);
  }

  /** The request ends without an answer, after attempts that failed. */
  giveUp(
    { program = "p", implementation, hash = "h", ...ended }: Ended,
    code: ErrorCode = "lm_unavailable",
  ): this {
    const id = this.#id();
    const error = { code, message: "no", retryable: true };
    const result: Result = {
      id,
      status: "failed",
      error,
      program,
      implementation,
      attempts: [{ attempt: 1, implementation, startedAt: this.#now(), durationMs: 10, error }],
      usage: { inputTokens: 0, outputTokens: 0 },
      timings: { queueMs: 0, routeMs: 0, runMs: 10, totalMs: 10 },
      decision: this.#decision({ program, implementation, ...ended }),
      requestHash: hash,
      log: { request: 1, work: [], failures: [] },
    };
    return this.#write(resultSubject(id), RESULT_TYPE, result);
  }

  score(ended: Ended, score: number): this {
    const { program = "p", implementation } = ended;
    const id = this.#id();
    const { place } = this.#decision(ended).features;
    const data = { id, score, user: "local", program, implementation, place };
    return this.#write(feedbackSubject(program, id, "j"), PROGRAM_EVENTS.feedback.type, data);
  }

  policy(verb: PolicyVerb, data: object): this {
    return this.#write(policyEventSubject(verb), POLICY_EVENTS[verb].type, data);
  }

  /** Whatever there may be in a log. */
  raw(subject: string, event: unknown): this {
    const { timeMs } = this;
    this.messages.push({
      subject,
      sequence: this.sequence + 1,
      timeMs,
      event,
      json: () => structuredClone(event),
    });
    return this;
  }

  #write(subject: string, type: string, data: object): this {
    return this.raw(subject, cloudEvent(type, "test", `e-${this.sequence + 1}`, this.#now(), data));
  }

  #decision(ended: Ended): Decision {
    const {
      program = "p",
      implementation,
      task = "label/low/english",
      length = 0,
      probabilities,
      features,
    } = ended;
    const definition = this.#definitions.get(program);
    const names = definition?.implementations.map((one) => one.name) ?? [implementation];
    const arms = definition === undefined ? [] : armsOf(definition);
    const arm = arms.find((one) => one.name === implementation)?.key ?? `${implementation}@gone`;
    const own: DecisionFeatures = {
      program,
      rule: "thompson/1",
      place: { arm, task, length, load: 0 },
      complexity: 0.1,
      pool: "native",
      ...features,
    };
    return {
      stateSequence: this.sequence,
      policyVersion: "0",
      features: { ...own },
      candidates: names.map((name, at) => ({
        implementation: name,
        score: 0.5,
        probability: probabilities?.[at] ?? 1 / names.length,
        eligible: true,
      })),
      chosen: implementation,
      inFlight: {},
    };
  }

  #id(): string {
    return `local.c.${++this.#request}`;
  }

  #now(): string {
    return new Date(this.timeMs).toISOString();
  }
}

const USAGE = { inputTokens: 100, outputTokens: 20, costUsd: 0.0002 };
