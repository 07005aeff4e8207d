// Pipelines without a server: a log in memory, programs that are functions, a clock that is moved. Whoever drives it
// says what happens next: a result, time, a signal, a crash.

import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { isDspexError, type WireError } from "../../schemas/errors.ts";
import {
  PIPELINE_EVENTS,
  type PipelineResult,
  type PipelineStep,
  type PipelineVerb,
} from "../../schemas/messages/pipeline-event.ts";
import { parseSignature } from "../../schemas/signature/mod.ts";
import { programEventSubject, resultSubject } from "../../schemas/subjects.ts";
import { decideRun, decideStart } from "../../services/pipelines/decide.ts";
import type { DefinitionProblem } from "../../services/pipelines/definition/compiled.ts";
import { normalise } from "../../services/pipelines/definition/normalise.ts";
import { validate } from "../../services/pipelines/definition/validate.ts";
import { decodeEvent, type PipelinesEvent } from "../../services/pipelines/event.ts";
import { evolve } from "../../services/pipelines/evolve.ts";
import { stateFromJson, stateToJson } from "../../services/pipelines/json.ts";
import { type Need, needKey } from "../../services/pipelines/run/needs.ts";
import type { OutgoingRequest } from "../../services/pipelines/run/outgoing.ts";
import { instanceKey, openKey } from "../../services/pipelines/run/state.ts";
import {
  compiledVersion,
  findPipeline,
  initialState,
  keyOf,
  type PipelinesState,
  registeredIn,
} from "../../services/pipelines/state.ts";

type Values = Record<string, unknown>;
export type Program = (inputs: Values, id: string) => Values;
/** By name: the signature, and what it does; a `DspexError` that it throws is the result's. */
export type Programs = Record<string, readonly [signature: string, run: Program]>;

export const USER = "local";

interface Stored {
  subject: string;
  sequence: number;
  timeMs: number;
  text: string;
}

export class PipelineWorld {
  state: PipelinesState = initialState();
  readonly log: Stored[] = [];
  readonly programs: Programs;
  nowMs = 1_000_000;
  /** Requests that were asked for and not answered, by id; asked twice they are one. */
  readonly asked = new Map<string, OutgoingRequest>();
  /** How often each id was answered by its program. */
  readonly answered = new Map<string, number>();
  readonly cancelled = new Set<string>();
  /** Instances that cannot be asked for, by run. */
  readonly refused = new Map<string, Map<string, { n: number; error: WireError }>>();
  /** Messages that decisions had to have read. */
  reads = 0;
  /** Told of each event after it was folded. */
  onEvent: ((event: PipelinesEvent) => void) | undefined;
  #snapshot: unknown;

  constructor(programs: Programs) {
    this.programs = programs;
    for (const [name, [signature]] of Object.entries(programs)) {
      this.append(programEventSubject(name, "registered"), "dspex.program.registered.v1", {
        name,
        version: "0000000000000001",
        signature: parseSignature(signature),
        implementations: [{ name: "native", kind: "native" }],
        by: "test",
      });
    }
  }

  problems(declaration: unknown): DefinitionProblem[] {
    return validate(normalise(declaration), {
      program: (name) =>
        registeredIn(this.state).program(name)?.signature ?? `no program "${name}" is registered`,
      pipeline: (name) => registeredIn(this.state).pipeline(USER, name)?.signature ?? `no pipeline "${name}"`,
    }).problems;
  }

  register(declaration: unknown): string {
    const problems = this.problems(declaration);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const { definition, version } = normalise(declaration);
    const { name } = definition;
    this.#event(name, "registered", { name, owner: USER, by: USER, version, definition });
    return name;
  }

  start(pipeline: string, inputs: Values, run = "r1", more: object = {}): void {
    const known = findPipeline(this.state, USER, pipeline);
    const version = known?.versions.at(-1)?.version ?? "";
    this.#start(run, { pipeline, version, inputs, depth: 0, ...more });
  }

  #start(run: string, of: { pipeline: string; version: string; inputs: Values; depth: number }): void {
    const command = { run, user: USER, owner: USER, ...of };
    const decided = decideStart(command, compiledVersion(this.state, of.version), this.#input([], new Map()));
    if (decided.append === undefined) throw new Error("a run that does not start");
    this.#event(run, "started", decided.append.data);
    this.#ask(run, decided.outgoing);
    this.settle();
  }

  /** Lets every run decide until nothing moves. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const key of [...this.state.runs.keys()]) moved = this.step(key) || moved;
    }
  }

  step(key: string): boolean {
    const run = this.state.runs.get(key);
    if (run === undefined) return false;
    const due = [...run.due.entries()].flatMap(([one, atMs]) => (atMs <= this.nowMs ? [one] : []));
    const compiled = compiledVersion(this.state, run.version);
    const loaded = new Map<string, unknown>();
    for (;;) {
      const refused = this.refused.get(key);
      const decided = decideRun(run, compiled, { ...this.#input(due, loaded), ...(refused && { refused }) });
      for (const need of decided.needs) loaded.set(needKey(need), this.#load(need));
      if (decided.needs.length > 0) continue;
      if (decided.append === undefined) return false;
      this.#event(run.run, decided.append.verb, decided.append.data);
      this.#ask(run.run, decided.outgoing);
      for (const id of decided.cancels) {
        this.cancelled.add(id);
        this.asked.delete(id);
      }
      for (const child of decided.cancelRuns)
        this.#event(child, "cancelled", { run: child, user: USER, by: `parent/${run.run}` });
      return true;
    }
  }

  /** Answers one of the requests, and lets the runs go on. */
  answer(id: string): void {
    const asked = this.asked.get(id);
    if (asked === undefined) throw new Error(`nobody asks ${id}`);
    this.asked.delete(id);
    this.answered.set(id, (this.answered.get(id) ?? 0) + 1);
    const { program, data } = asked;
    const base = {
      id,
      program,
      version: "0000000000000001",
      implementation: "native",
      attempts: [],
      usage: { inputTokens: 1, outputTokens: 2 },
      timings: { queueMs: 0, routeMs: 0, runMs: 5, totalMs: 5 },
      requestHash: "",
      log: { request: 1, work: [], failures: [] },
    };
    this.nowMs += 5;
    try {
      const outputs = this.programs[program]?.[1](data.inputs, id) ?? {};
      this.append(resultSubject(id), "dspex.result.stored.v1", { ...base, status: "succeeded", outputs });
    } catch (error) {
      if (!isDspexError(error)) throw error;
      this.append(resultSubject(id), "dspex.result.stored.v1", {
        ...base,
        status: "failed",
        error: error.toWire(),
      });
    }
  }

  /** Answers what is asked, in the order that `pick` says, until nothing is. */
  runAll(
    pick: (ids: string[]) => string = ([first]) => first as string,
    between: () => void = () => {},
  ): void {
    for (let n = 0; n < 100_000; n++) {
      this.settle();
      const ids = [...this.asked.keys()];
      if (ids.length > 0) {
        this.answer(pick(ids));
        between();
        continue;
      }
      const next = Math.min(
        ...[...this.state.runs.values()].flatMap((run) => [...run.due.entries()].map(([, at]) => at)),
      );
      const waits = [...this.state.runs.values()].some((run) => run.due.size > 1 || run.awaiting.size === 0);
      if (!Number.isFinite(next) || !waits) return;
      this.nowMs = Math.max(next, this.nowMs);
    }
    throw new Error("it does not end");
  }

  signal(run: string, signal: string, data?: Values, key?: string): void {
    this.#event(run, "signalled", {
      run,
      user: USER,
      signal,
      by: USER,
      ...(data && { data }),
      ...(key && { key }),
    });
  }

  cancel(run: string, reason?: string): void {
    this.#event(run, "cancelled", { run, user: USER, by: USER, ...(reason && { reason }) });
  }

  snapshot(): void {
    this.#snapshot = parseJson(stringifyJson(stateToJson(this.state)));
  }

  /** The service dies: what it knew is the last snapshot and the log after it; what is open is asked again. */
  crash(): void {
    this.state = this.replay(this.#snapshot);
  }

  /** The state as it follows from a snapshot and the log after it. */
  replay(snapshot: unknown = undefined): PipelinesState {
    const state = snapshot === undefined ? initialState() : stateFromJson(structuredClone(snapshot));
    for (const message of this.log) this.#fold(state, message);
    return state;
  }

  result(run = "r1"): PipelineResult | undefined {
    const message = this.log.find(
      ({ subject }) => subject === `dspex.event.pipeline.${USER}.${run}.finished`,
    );
    return message === undefined ? undefined : (parseJson(message.text) as { data: PipelineResult }).data;
  }

  /** Verbs of a run's events, in order. */
  verbs(run = "r1"): string[] {
    const prefix = `dspex.event.pipeline.${USER}.${run}.`;
    return this.log.flatMap(({ subject }) =>
      subject.startsWith(prefix) ? [subject.slice(prefix.length)] : [],
    );
  }

  /** What the run did and has a compensation for, in the order in which it ended: `<path>#<stage>`. */
  done(run = "r1"): string[] {
    const version = this.state.ended.get(keyOf(USER, run))?.version ?? "";
    const { stages } = compiledVersion(this.state, version);
    return this.#steps(run).flatMap((step) =>
      step.kind === "finished" && stages[step.stage]?.stage.compensate !== undefined
        ? [instanceKey(step.path ?? "", step.stage)]
        : [],
    );
  }

  /** What was taken back, in order. */
  takenBack(run = "r1"): string[] {
    return this.#steps(run).flatMap((step) =>
      step.kind === "compensated" ? [instanceKey(step.path ?? "", step.stage)] : [],
    );
  }

  #steps(run: string): PipelineStep[] {
    const prefix = `dspex.event.pipeline.${USER}.${run}.`;
    return this.log.flatMap(({ subject, text }) =>
      subject.startsWith(prefix)
        ? ((parseJson(text) as { data: { steps?: PipelineStep[] } }).data.steps ?? [])
        : [],
    );
  }

  append(subject: string, type: string, data: unknown): void {
    const sequence = this.log.length + 1;
    const text = stringifyJson(
      cloudEvent(type, "test/1", `e${sequence}`, new Date(this.nowMs).toISOString(), data),
    );
    const message = { subject, sequence, timeMs: this.nowMs, text };
    this.log.push(message);
    const event = this.#fold(this.state, message);
    if (event !== undefined) this.onEvent?.(event);
  }

  #fold(state: PipelinesState, message: Stored): PipelinesEvent | undefined {
    const event = decodeEvent(
      { ...message, json: () => parseJson(message.text) },
      (user, run, stage, n) => state.runs.get(keyOf(user, run))?.open.has(openKey(stage, n)) === true,
    );
    if (event !== undefined) evolve(state, event);
    else state.sequence = Math.max(state.sequence, message.sequence);
    return event;
  }

  #event(name: string, verb: PipelineVerb, data: unknown): void {
    const text = stringifyJson(data);
    // What the journal would refuse.
    if (Buffer.byteLength(text) > 900_000) throw new Error(`an event of ${text.length} characters`);
    const checked = PIPELINE_EVENTS[verb].schema.parse(parseJson(text));
    this.append(`dspex.event.pipeline.${USER}.${name}.${verb}`, PIPELINE_EVENTS[verb].type, checked);
  }

  #ask(_run: string, outgoing: ReturnType<typeof decideRun>["outgoing"]): void {
    for (const one of outgoing) {
      if (one.kind === "request") {
        if (!this.log.some(({ subject }) => subject === resultSubject(one.id))) this.asked.set(one.id, one);
      } else if (!this.state.runs.has(keyOf(USER, one.run))) {
        const { run, pipeline, version, inputs, parent } = one;
        const depth = (this.state.runs.get(keyOf(USER, parent.run))?.depth ?? 0) + 1;
        this.#start(run, { pipeline, version, inputs, depth, parent } as never);
      }
    }
  }

  #input(due: readonly string[], loaded: ReadonlyMap<string, unknown>) {
    return { nowMs: this.nowMs, due, registered: registeredIn(this.state), loaded };
  }

  #load(need: Need): unknown {
    if (!("sequence" in need)) throw new Error("no large values here");
    this.reads++;
    const { subject, text } = this.log[need.sequence - 1] as Stored;
    const { data } = parseJson(text) as { data: { outputs?: Values; data?: Values; inputs?: Values } };
    if (subject.endsWith(".signalled")) return data.data ?? {};
    return subject.endsWith(".started") ? data.inputs : (data.outputs ?? {});
  }
}
