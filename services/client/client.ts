// The library that applications import: publishes requests, awaits their results, asks the API.

import { randomBytes } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { connectionRequestId, resolveRequestId } from "../../schemas/envelope/ids.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { requestHash } from "../../schemas/envelope/request-hash.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { DEFAULT_DEADLINE_MS, MAX_BODY_BYTES, MAX_INLINE_VALUE_BYTES } from "../../schemas/limits.ts";
import type { Explanation } from "../../schemas/messages/explanation.ts";
import type { PipelineDeclaration } from "../../schemas/messages/pipeline-definition.ts";
import type { ProgramDeclaration, ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { REQUEST_TYPE, type RequestOptions } from "../../schemas/messages/request.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { requestSubject, token } from "../../schemas/subjects.ts";
import { Appender } from "../bus/append.ts";
import { nowText } from "../bus/clock.ts";
import { connectBus, createHeaders, type NatsConnection } from "../bus/connect.ts";
import { adminRequest } from "./admin-request.ts";
import { Api } from "./api.ts";
import { type CredentialOptions, findCredentials } from "./config.ts";
import { ObjectTransfer } from "./objects.ts";
import { type ObserveOptions, observe, type StoryEvent, story } from "./observe.ts";
import { type CallOptions, NOTHING_ASKED, wireOptions } from "./options.ts";
import { PendingResults } from "./pending.ts";
import type { Pipeline } from "./pipelines/pipeline.ts";
import { Pipelines, type RunnablePipeline } from "./pipelines/pipelines.ts";
import { program as makeProgram, type Program, type SignatureLike } from "./program.ts";
import { type OptimizeOptions, optimize, ProgramOptimization } from "./program-optimize.ts";
import { Versions } from "./program-versions.ts";
import { type Judgement, Run, type RunHost } from "./run.ts";
import { eraseUserData, listSessions, Session, type SessionHost, type SessionOptions } from "./session.ts";
import type { SessionInfo, UserErasure } from "./session-answers.ts";
import { type StreamChunk, type StreamOptions, type StreamSource, streamOf } from "./stream.ts";
import { endWith, startSubmitSpan, traceparentOf } from "./trace-context.ts";
import { Variables } from "./variables.ts";

export interface ConnectOptions extends CredentialOptions {
  /** Shown by the server's monitoring. */
  name?: string;
  /** Give up at once when the server is not there; by default the client waits for it. */
  failFast?: boolean;
}

export interface Submitted {
  id: string;
  result: Promise<Result>;
}

/** What was asked, as it was sent: large inputs are references by then. */
interface Asked {
  program: string;
  inputs: Record<string, unknown>;
  options: RequestOptions;
}

export class Dspex implements RunHost, SessionHost {
  readonly user: string;
  readonly variables: Variables;
  readonly pipelines: Pipelines;
  readonly #connection: NatsConnection;
  readonly #appender: Appender;
  readonly #pending: PendingResults;
  readonly #objects: ObjectTransfer;
  readonly #api: Api;
  readonly #connectionToken = randomBytes(9).toString("hex");
  #n = 0;

  constructor(connection: NatsConnection, user: string) {
    this.user = user;
    this.#connection = connection;
    this.#appender = new Appender(connection, `_INBOX.${randomBytes(12).toString("hex")}`);
    this.#pending = new PendingResults(connection, user);
    this.#api = new Api(connection, user);
    this.#objects = new ObjectTransfer(this.#api);
    this.variables = new Variables(this.#api);
    this.pipelines = new Pipelines({
      user,
      api: this.#api,
      isClosed: () => connection.isClosed() || connection.isDraining(),
      stream: (id, options) => this.stream(id, options),
      shrinkValues: (values) => this.#objects.shrinkInputs(values),
      expandValues: (values) => this.#objects.expandValues(values),
    });
    this.#pending.listen(this.#connectionToken);
  }

  /** The NATS connection, for what this library does not do. */
  get connection(): NatsConnection {
    return this.#connection;
  }

  /** A program to call. With a signature its types are checked here, and against what is registered. */
  program(name: string): Program<Record<string, unknown>, Record<string, unknown>>;
  program<In, Out>(name: string, signature?: SignatureLike<In, Out>): Program<In, Out>;
  program<In, Out>(name: string, signature?: SignatureLike<In, Out>): Program<In, Out> {
    return makeProgram<In, Out>(this, token(name, "program"), signature);
  }

  /**
   * Sends a request with inputs in wire form. Returns its id at once; `result` settles with the stored result.
   * @throws DspexError `invalid_inputs` for options that do not fit.
   */
  submitWire(
    program: string,
    inputs: Record<string, unknown>,
    options: CallOptions = NOTHING_ASKED,
  ): Submitted {
    const wire = wireOptions(options);
    const id = this.#idFor(options.id);
    const result = this.#pending.wait(id, wire.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const asked = { program, inputs, options: wire };
    const span = startSubmitSpan(this.user, program, id, options.traceparent);
    endWith(span, result);
    this.#send(id, asked, traceparentOf(span, options.traceparent)).catch((thrown) =>
      this.#pending.fail(id, asDspexError(thrown)),
    );
    options.signal?.addEventListener("abort", () => void this.cancel(id).catch(() => {}), { once: true });
    if (options.id !== undefined) this.#pending.lookSoon(id);
    const checked = options.id === undefined ? result : result.then((r) => this.#checkConflict(r, asked));
    return { id, result: checked.then((r) => this.#objects.expandOutputs(r)) };
  }

  /**
   * The result of a request by its id (full or chosen), also one of an earlier life of this application.
   * @param waitMs how long to wait for one that is not finished.
   * @throws DspexError `not_found` for an id that the log does not know; `unavailable` while it is not finished.
   */
  async result(id: string, { waitMs = 0 }: { waitMs?: number } = {}): Promise<Result> {
    const full = this.#fullId(id);
    const stored = await this.#pending.look(full);
    if (stored !== undefined) return this.#objects.expandOutputs(stored);
    const answer = await this.#api.request({
      verb: `result.${full}`,
      headers: { [HEADER.waitMs]: String(waitMs) },
      timeoutMs: waitMs + 10_000,
    });
    if ((answer as { status: string }).status === "pending") {
      const details = { status: "pending" };
      throw new DspexError("unavailable", `${full} is not finished yet`, { retryable: true, details });
    }
    return this.#objects.expandOutputs(answer as Result);
  }

  async cancel(id: string): Promise<void> {
    await this.#api.request({ verb: `cancel.${this.#fullId(id)}` });
  }

  /** Judges a result as `Run.feedback` does. */
  async feedback(id: string, score: number, more: string | Judgement = {}): Promise<boolean> {
    const full = this.#fullId(id);
    const said = typeof more === "string" ? { comment: more } : more;
    const answer = await this.#api.request({ verb: `feedback.${full}`, body: { ...said, id: full, score } });
    return (answer as { duplicate?: boolean }).duplicate !== true;
  }

  /**
   * Why a request went where it went, and what became of it so far.
   * @throws DspexError `not_found` for an id that the log does not know.
   */
  async explain(id: string): Promise<Explanation> {
    return (await this.#api.request({ verb: `explain.${this.#fullId(id)}` })) as Explanation;
  }

  /** The handle of a request by its id (full or chosen), whoever sent it and whenever. */
  run<Out = Record<string, unknown>>(
    id: string,
    signature?: Pick<SignatureLike<unknown, Out>, "ast">,
  ): Run<Out> {
    return Run.byId<Out>(this.#fullId(id), this, signature?.ast);
  }
  /** What `run(id).stream(options)` gives. */
  stream(id: string, options?: StreamOptions): AsyncGenerator<StreamChunk> {
    return this.run(id).stream(options);
  }
  /** For runs: a stream of which they know the result. */
  streamOf(source: Omit<StreamSource, "api">, options?: StreamOptions): AsyncGenerator<StreamChunk> {
    return streamOf({ ...source, api: this.#api }, options);
  }
  /** For runs: whether there is a result, as far as the log answers just now. */
  async hasResult(id: string): Promise<boolean> {
    return (await this.#pending.look(id).catch(() => undefined)) !== undefined;
  }
  story(id: string): AsyncIterable<StoryEvent> {
    return story(this.#api, this.#fullId(id));
  }
  observe(options: ObserveOptions = {}): AsyncIterable<StoryEvent> {
    return observe(this.#api, options);
  }

  /** Registers a program, or a new version of it, for all users; needs the admin right. Returns its version. */
  async register(declaration: ProgramDeclaration): Promise<{ version: string; created: boolean }> {
    const answer = await adminRequest(this.#api, { verb: "program.register", body: declaration });
    return answer as { version: string; created: boolean };
  }
  /**
   * Removes a program for all users; needs the admin right. Requests that are under way still finish.
   * @throws DspexError `unknown_program` when there is none of this name.
   */
  async remove(name: string, reason?: string): Promise<void> {
    const body = { name: token(name, "program"), ...(reason !== undefined && { reason }) };
    await adminRequest(this.#api, { verb: "program.remove", body });
  }
  async describe(name: string, version?: string): Promise<ProgramDefinition> {
    const body = { name: token(name, "program"), ...(version !== undefined && { version }) };
    return (await this.#api.request({ verb: "program.describe", body })) as ProgramDefinition;
  }
  async programs(): Promise<{ name: string; version: string; description?: string; signature: string }[]> {
    const answer = await this.#api.request({ verb: "program.list" });
    return (answer as { programs: { name: string; version: string; signature: string }[] }).programs;
  }

  /** Searches for a better version of a program; needs the admin right. Returns once the run is in the log. */
  optimize(program: string, options: OptimizeOptions): Promise<ProgramOptimization> {
    return optimize(this.#api, token(program, "program"), options);
  }
  /** A run that was started before, by its name. */
  optimization(run: string): ProgramOptimization {
    return new ProgramOptimization(this.#api, run, `${this.user}.o.${token(run, "run")}`);
  }
  versions(program: string): Versions {
    return new Versions(this.#api, token(program, "program"));
  }

  /** A pipeline to run: what `pipeline(…)` made, a definition as JSON, or the name of one that is registered. */
  pipeline<In, Out>(pipeline: Pipeline<In, Out>): RunnablePipeline<In, Out>;
  pipeline<In, Out>(name: string, signature: SignatureLike<In, Out>): RunnablePipeline<In, Out>;
  pipeline(
    pipeline: string | PipelineDeclaration,
  ): RunnablePipeline<Record<string, unknown>, Record<string, unknown>>;
  pipeline<In, Out>(
    pipeline: Pipeline<In, Out> | PipelineDeclaration | string,
    signature?: SignatureLike<In, Out>,
  ): RunnablePipeline<In, Out> {
    return this.pipelines.runnable(pipeline, signature);
  }

  /** A conversation by its name; without one it is a new one. */
  session(id?: string, options?: SessionOptions): Session {
    return new Session(this.#api, this, id, options);
  }
  /**
   * Erases all that the system holds of this user, down to the bytes: every session, and requests, results and large
   * values outside of sessions. What still runs is erased when it comes. Cannot be undone.
   */
  eraseUserData(): Promise<UserErasure> {
    return eraseUserData(this.#api, this.user);
  }
  /** Own sessions by name. */
  sessions({ status }: { status?: SessionInfo["status"] } = {}): AsyncGenerator<SessionInfo> {
    return listSessions(this.#api, status);
  }
  /** Values as they were sent, in the place of references to them. */
  expandValues(values: Record<string, unknown>): Record<string, unknown> | Promise<Record<string, unknown>> {
    return this.#objects.expandValues(values);
  }

  /** Results that are being waited for are rejected; the requests themselves go on. */
  async close(): Promise<void> {
    this.#pending.close();
    this.#appender.close();
    await this.#connection.drain();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #send(id: string, asked: Asked, traceparent: string | undefined): Promise<void> {
    let body = this.#body(id, asked, traceparent);
    // Fewer characters than a quarter of the limit are fewer bytes than the limit: nothing to measure.
    if (body.length > MAX_INLINE_VALUE_BYTES / 4) {
      asked.inputs = await this.#objects.shrinkInputs(asked.inputs);
      body = this.#body(id, asked, traceparent);
      if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
        throw new DspexError(
          "payload_too_large",
          `the request has ${Buffer.byteLength(body)} bytes though large values were taken out, at most ${MAX_BODY_BYTES}`,
        );
      }
    }
    const headers = traceparent === undefined ? undefined : createHeaders();
    if (traceparent !== undefined) headers?.set(HEADER.traceparent, traceparent);
    await this.#appender.append(requestSubject(this.user, asked.program), body, {
      headers,
      timeoutMs: asked.options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    });
  }

  #body(id: string, { inputs, options }: Asked, traceparent: string | undefined): string {
    const data = { id, inputs, ...options };
    const time = nowText();
    return stringifyJson(
      cloudEvent(REQUEST_TYPE, `client/${this.#connectionToken}`, id, time, data, traceparent),
    );
  }

  #idFor(chosen: string | undefined): string {
    if (chosen === undefined) return connectionRequestId(this.user, this.#connectionToken, ++this.#n);
    this.#pending.listen("x");
    return this.#fullId(chosen);
  }

  #fullId(id: string): string {
    const full = resolveRequestId(this.user, id) ?? (id.startsWith(`${this.user}.log.`) ? id : undefined);
    if (full === undefined)
      throw new DspexError("invalid_inputs", `id ${JSON.stringify(id)} is not one of user "${this.user}"`, {
        path: "id",
      });
    return full;
  }

  #checkConflict(result: Result, asked: Asked): Result {
    if (result.requestHash === "" || result.requestHash === requestHash(asked)) return result;
    throw new DspexError(
      "id_conflict",
      `${result.id} was used before with another program, inputs or options`,
      { path: "id" },
    );
  }
}

/**
 * Connects an application. Settings: what is passed, else NATS_URL, NATS_USER, NATS_PASSWORD, else the `.dspex` folder.
 * @throws DspexError `not_allowed` for wrong or missing credentials; `unavailable` with `failFast`.
 */
export async function connect(options: ConnectOptions = {}): Promise<Dspex> {
  const { url, user, password } = findCredentials(options);
  const connection = await connectBus({
    url,
    user,
    password,
    name: options.name ?? "dspex-client",
    failFast: options.failFast ?? false,
  });
  return new Dspex(connection, user);
}
