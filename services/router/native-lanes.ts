// Worker threads for native functions that are not trusted to be short. A lane runs one call at a time; calls wait in
// order. A lane whose call is late or cancelled is terminated, which stops even an endless loop, and a new one starts.

import { Worker } from "node:worker_threads";
import { DspexError, type WireError } from "../../schemas/errors.ts";
import type { Validation } from "../../schemas/messages/validator.ts";
import type { NativeCall, ValidatorCall } from "./native-functions.ts";

export interface LaneRequest {
  program: string;
  implementation: string;
  inputs: Record<string, unknown>;
  variables: Readonly<Record<string, unknown>>;
}
/** Long outputs that a program's validators look at. */
export type LaneCheck = Pick<ValidatorCall, "validators" | "inputs" | "outputs">;
export type LaneReply = { ready: true } | { outputs: unknown } | { error: WireError };

interface Job {
  /** What a call that is late is told as. */
  what: string;
  call: Pick<NativeCall, "timeoutMs" | "cancellation"> & Partial<Pick<NativeCall, "onBegin">>;
  message: LaneRequest | LaneCheck;
  queuedAt: number;
  resolve: (outputs: unknown) => void;
  reject: (error: DspexError) => void;
}

interface Lane {
  worker: Worker;
  job: Job | undefined;
}

const MAX_QUEUED = 10_000;

export class NativeLanes {
  readonly #configPath: string;
  readonly #size: number;
  readonly #lanes = new Set<Lane>();
  readonly #idle: Lane[] = [];
  readonly #queue: Job[] = [];
  #closed = false;

  /** `configPath`: the module whose default export holds the functions, imported by each thread. */
  constructor(configPath: string, size: number) {
    this.#configPath = configPath;
    this.#size = size;
  }

  /** Runs one call; rejects with the function's error, or `internal` when it took longer than its time. */
  run(call: NativeCall): Promise<unknown> {
    const { program, implementation, inputs, variables } = call;
    const message = { program, implementation, inputs, variables };
    return this.#enqueue({ what: `function "${implementation}"`, call, message });
  }

  /** What validators say of long outputs. @throws DspexError `output_invalid` */
  check(call: ValidatorCall): Promise<Validation> {
    const { implementation, validators, inputs, outputs } = call;
    const what = `validators of what "${implementation}" answered`;
    return this.#enqueue({ what, call, message: { validators, inputs, outputs } }) as Promise<Validation>;
  }

  #enqueue(job: Pick<Job, "what" | "call" | "message">): Promise<unknown> {
    if (this.#queue.length >= MAX_QUEUED) {
      return Promise.reject(
        new DspexError("overloaded", `${MAX_QUEUED} native calls are waiting for a thread`, {
          retryAfterMs: 1_000,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...job, queuedAt: performance.now(), resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) job.reject(new DspexError("unavailable", "the router stops"));
    await Promise.all([...this.#lanes].map((lane) => lane.worker.terminate()));
  }

  #next(): void {
    while (this.#queue.length > 0) {
      const lane = this.#idle.pop();
      if (lane !== undefined) {
        this.#start(lane, this.#queue.shift() as Job);
        continue;
      }
      if (this.#lanes.size < this.#size && !this.#closed) this.#open();
      return;
    }
  }

  #open(): void {
    const worker = new Worker(new URL("./native-lane-thread.ts", import.meta.url), {
      workerData: { configPath: this.#configPath },
    });
    const lane: Lane = { worker, job: undefined };
    this.#lanes.add(lane);
    worker.unref();
    worker.on("message", (reply: LaneReply) => {
      if ("outputs" in reply) lane.job?.resolve(reply.outputs);
      else if ("error" in reply) lane.job?.reject(DspexError.fromWire(reply.error));
      lane.job = undefined;
      this.#idle.push(lane);
      this.#next();
    });
    worker.on("error", (error) =>
      this.#lost(lane, new DspexError("internal", `the thread died: ${error.message}`, { cause: error })),
    );
    worker.on("exit", () => this.#lost(lane, new DspexError("internal", "the thread ended")));
  }

  #start(lane: Lane, job: Job): void {
    const { call, what } = job;
    const kill = (error: DspexError) => {
      job.reject(error);
      lane.job = undefined;
      void lane.worker.terminate();
    };
    if (call.cancellation.aborted) {
      job.reject(new DspexError("cancelled", "the request was cancelled or its deadline passed"));
      this.#idle.push(lane);
      return;
    }
    const onAbort = () =>
      kill(new DspexError("cancelled", "the request was cancelled or its deadline passed"));
    const timer = setTimeout(
      () => kill(new DspexError("internal", `${what} did not finish within ${call.timeoutMs} ms`)),
      call.timeoutMs,
    );
    call.cancellation.signal.addEventListener("abort", onAbort, { once: true });
    const settle =
      <T>(then: (value: T) => void) =>
      (value: T) => {
        clearTimeout(timer);
        call.cancellation.signal.removeEventListener("abort", onAbort);
        then(value);
      };
    lane.job = { ...job, resolve: settle(job.resolve), reject: settle(job.reject) };
    job.reject = lane.job.reject;
    call.onBegin?.(performance.now() - job.queuedAt);
    lane.worker.postMessage(job.message);
  }

  #lost(lane: Lane, error: DspexError): void {
    if (!this.#lanes.delete(lane)) return;
    const at = this.#idle.indexOf(lane);
    if (at >= 0) this.#idle.splice(at, 1);
    lane.job?.reject(error);
    lane.job = undefined;
    this.#next();
  }
}
