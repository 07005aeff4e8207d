// A request's story as tests tell it: one program with four implementations, and its messages as the parts write them.

import { DspexError } from "../../../schemas/errors.ts";
import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import { explanationSchema } from "../../../schemas/messages/explanation.ts";
import type { Attempt, Decision } from "../../../schemas/messages/parts.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../../schemas/messages/request.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import type { Work } from "../../../schemas/messages/work.ts";
import { definitionOf } from "../../programs/definition.ts";
import { SEED } from "../../router/question.ts";
import { armsOf } from "../statistics/arms.ts";
import { explanationOf } from "./explain.ts";
import type { RequestStory } from "./story.ts";

export const START = Date.parse("2026-11-24T05:36:00.000Z");
export const at = (ms: number) => new Date(START + ms).toISOString();

const IMPLEMENTATIONS: Implementation[] = [
  { name: "words", kind: "native", inline: true },
  { name: "small", kind: "structured", model: "small" },
  { name: "think", kind: "dspy", pool: "general", module: "ChainOfThought" },
  { name: "rough", kind: "structured", model: "rough", lastResort: true },
];
const SIGNATURE = '"Which team should answer?" message: str -> team: Literal["sales", "support"]';
export const definition = definitionOf({
  name: "triage",
  signature: SIGNATURE,
  implementations: IMPLEMENTATIONS,
});
export const keyOf = (name: string) => armsOf(definition).find((arm) => arm.name === name)?.key ?? "";

export function decision(chosen: string, more: Partial<Decision> = {}): Decision {
  return {
    stateSequence: 40,
    policyVersion: "3",
    features: {
      program: "triage",
      rule: "thompson/1",
      place: { arm: keyOf(chosen), task: "label/low/english", length: 0, load: 1 },
      complexity: 0,
      pool: "native",
    },
    candidates: [
      { implementation: "words", score: 0.83, probability: 0.9, eligible: true },
      { implementation: "small", score: 0.74, probability: 0.07, eligible: true },
      { implementation: "think", score: 0.7, probability: 0.03, eligible: true },
      { implementation: "rough", score: 0, probability: 0, eligible: false },
    ],
    chosen,
    inFlight: { native: 1, general: 4 },
    ...more,
  };
}

export function following(step: "retry" | "fallback" | "hedge", name: string, why: object): Decision {
  return decision(name, {
    features: { program: "triage", step, ...why },
    candidates: [{ implementation: name, score: 1, probability: 1, eligible: true }],
  });
}

export const PLAN = [
  { step: "retry", implementation: "small", delayMs: 250 },
  { step: "fallback", implementation: "think", delayMs: 0 },
] as const;

export function work(attempt: number, implementation: string, taken: Decision, sequence: number) {
  const data: Work = {
    id: "local.c.1",
    attempt,
    user: "local",
    program: "triage",
    version: definition.version,
    implementation,
    settings: {},
    inputs: { message: "My invoice is wrong." },
    deadlineAt: at(5_000),
    stream: false,
    variables: {},
    plan: [...PLAN],
    decision: taken,
    requestSequence: 41,
    requestedAt: at(0),
    requestHash: "",
    routeMs: 0.1,
    attempts: [],
    log: { work: [], failures: [] },
  };
  return { sequence, timeMs: START + sequence, data };
}

export function failure(
  attempt: number,
  implementation: string,
  code: "lm_timeout" | "output_parse_error",
  sequence: number,
) {
  const data: AttemptFailed = {
    id: "local.c.1",
    attempt,
    implementation,
    pool: "native",
    worker: "0",
    error: new DspexError(code, "no luck").toWire(),
    startedAt: at(sequence - 5),
    durationMs: 4,
    plan: [],
    requestSequence: 41,
    workSequence: sequence - 1,
  };
  return { sequence, timeMs: START + sequence, data };
}

export const ran = (attempt: number, implementation: string, more: Partial<Attempt> = {}): Attempt => ({
  attempt,
  implementation,
  pool: "native",
  worker: "0",
  startedAt: at(45),
  durationMs: 12,
  ...more,
});

export function result(attempts: Attempt[], more: Partial<Result> = {}, sequence = 90) {
  const data: Result = {
    id: "local.c.1",
    status: "succeeded",
    outputs: { team: "sales" },
    program: "triage",
    version: definition.version,
    implementation: attempts.at(-1)?.implementation ?? "words",
    attempts,
    usage: { inputTokens: 0, outputTokens: 0 },
    timings: { queueMs: 1, routeMs: 1, runMs: 12, totalMs: 14 },
    requestHash: "",
    log: { request: 41, work: [], failures: [] },
    ...more,
  };
  return { sequence, timeMs: START + sequence, data };
}

export function story(more: Partial<RequestStory> = {}, options: RequestOptions = {}): RequestStory {
  return {
    id: "local.c.1",
    program: "triage",
    sequence: 41,
    timeMs: START + 41,
    asked: { inputs: { message: "My invoice is wrong." }, options },
    work: [],
    failures: [],
    result: undefined,
    feedback: [],
    moreFeedback: false,
    definition,
    policy: { settings: SETTINGS, change: undefined, published: undefined, evidence: undefined },
    broken: new Map(),
    ...more,
  };
}

export const SETTINGS = { name: "standard", rule: "thompson", temper: 0.5, floor: 0.05 } as const;

/** Checked against the contract each time. */
export function explained(told: RequestStory) {
  return explanationSchema.parse(JSON.parse(JSON.stringify(explanationOf(told, SEED))));
}
export const whys = (told: RequestStory) =>
  Object.fromEntries(explained(told).candidates.map(({ implementation, why }) => [implementation, why]));
export const texts = (told: RequestStory) => explained(told).events.map(({ text }) => text);
