// The pipelines service without a server: its runner and what that asks, over a log in memory that can fail.

import { pino } from "pino";
import { parseJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { PIPELINE_EVENTS, type PipelineVerb } from "../../schemas/messages/pipeline-event.ts";
import type { RequestData } from "../../schemas/messages/request.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import { Asker } from "../../services/pipelines/asker.ts";
import { Ender } from "../../services/pipelines/ender.ts";
import { Loader } from "../../services/pipelines/loader.ts";
import { RunTimers } from "../../services/pipelines/run-timers.ts";
import { Runner } from "../../services/pipelines/runner.ts";
import { RunSpans } from "../../services/pipelines/spans.ts";
import { RunStarter } from "../../services/pipelines/starter.ts";
import { compiledVersion, findPipeline, keyOf } from "../../services/pipelines/state.ts";
import { Turns } from "../../services/pipelines/turns.ts";
import { type PipelineWorld, USER } from "./pipeline-world.ts";

type Values = Record<string, unknown>;
interface Sent {
  id: string;
  inputs: Values;
}

export class PipelineService implements Disposable {
  readonly world: PipelineWorld;
  /** Requests as they were sent, oldest first; what was sent twice is there twice. */
  readonly sent: Sent[] = [];
  readonly cancelled: string[] = [];
  /** Tries to append, refused ones among them. */
  tries = 0;
  /** What the log says to an event of a run before it is stored; what it throws is thrown to who appends. */
  beforeEvent: (verb: PipelineVerb, data: Values) => void = () => {};
  /** The same after it was stored: its acknowledgement is lost. */
  afterEvent: (verb: PipelineVerb) => void = () => {};
  beforeRequest: (id: string) => void = () => {};
  readonly runner: Runner;
  readonly #starter: RunStarter;
  readonly #asker: Asker;
  readonly #timers: RunTimers;

  constructor(world: PipelineWorld) {
    this.world = world;
    world.nowMs = Date.now();
    const fold = {
      get state() {
        return world.state;
      },
      passed: async () => {},
    };
    const journal = {
      append: async (user: string, name: string, verb: PipelineVerb, data: Values, last: number) => {
        this.beforeEvent(verb, data);
        const key = keyOf(user, name);
        const known = world.state.runs.get(key)?.last ?? world.state.pipelines.get(key)?.last ?? 0;
        if (known !== last) return undefined;
        world.nowMs = Date.now();
        world.append(pipelineEventSubject(user, name, verb), PIPELINE_EVENTS[verb].type, data);
        this.afterEvent(verb);
        return world.log.length;
      },
      last: async () => 0,
    };
    const appender = {
      append: async (subject: string, body: string) => {
        const { data } = parseJson(body) as { data: RequestData & { id: string } };
        if (subject.endsWith("cancel-requested")) return this.cancelled.push(data.id);
        this.tries++;
        this.beforeRequest(data.id);
        return this.sent.push({ id: data.id, inputs: data.inputs });
      },
    };
    const reader = {
      at: async (sequence: number) => {
        const stored = world.log[sequence - 1];
        if (stored === undefined) return null;
        const data = Buffer.from(stored.text);
        return { ...stored, data, header: () => undefined, json: () => parseJson(stored.text) };
      },
      last: async () => null,
    };
    const claims = { shrink: (values: Values) => values, expand: async (values: Values) => values };
    const logger = pino({ level: "silent" });
    const common = {
      fold,
      journal,
      appender,
      reader,
      claims,
      logger,
      source: "pipelines/1",
      turns: new Turns(),
      spans: new RunSpans(),
      loader: new Loader({ reader, claims, readsAtOnce: 4, cacheBytes: 1_000_000 }),
      ender: new Ender({ publish: () => {}, isClosed: () => false }, claims),
    };
    this.#timers = new RunTimers(5, (run: string, due: string) => this.runner.wake(run, due));
    this.#asker = new Asker({ ...common, wake: (run: string) => this.runner.wake(run) } as never);
    this.runner = new Runner({ ...common, asker: this.#asker, timers: this.#timers } as never);
    this.#starter = new RunStarter({ ...common, asker: this.#asker } as never);
    world.onEvent = (event) => this.runner.onEvent(event);
    this.runner.start();
  }

  /** A run of a registered pipeline. */
  async start(pipeline: string, inputs: Values = {}, run = "r1"): Promise<void> {
    const { state } = this.world;
    const version = findPipeline(state, USER, pipeline)?.versions.at(-1)?.version ?? "";
    const command = { run, user: USER, owner: USER, pipeline, version, inputs, depth: 0 };
    await this.#starter.start(command, compiledVersion(state, version));
  }

  cancel(run: string): Promise<boolean> {
    return this.#asker.cancelRun(USER, run, USER);
  }

  /** Answers a request that was sent. */
  answer(id: string): void {
    const { inputs } = this.sent.find((one) => one.id === id) as Sent;
    const run = /\.p\.([^_]+)_(\d+)_/.exec(id);
    const program = this.world.state.runs.get(keyOf(USER, run?.[1] ?? ""));
    const { stage } = compiledVersion(this.world.state, program?.version ?? "").stages[
      Number(run?.[2])
    ] as never;
    const { program: name } = stage as { program: string };
    this.world.asked.set(id, {
      kind: "request",
      id,
      program: name,
      data: { id, inputs },
      instance: "",
      n: 1,
    });
    this.world.nowMs = Date.now();
    this.world.answer(id);
  }

  [Symbol.dispose](): void {
    void this.runner.stop();
    this.#asker.stop();
    this.#timers.stop();
  }
}

export function away(): never {
  throw new DspexError("unavailable", "nobody there");
}
