// A log in memory, written by the router's own functions as a router and its workers would write it: for tests of what
// is read from a log. Its clock goes on a second with each message.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import type { ErrorCode } from "../../schemas/error-codes.ts";
import { DspexError } from "../../schemas/errors.ts";
import { ATTEMPT_FAILED_TYPE } from "../../schemas/messages/attempt-failed.ts";
import type { Decision } from "../../schemas/messages/parts.ts";
import {
  PROGRAM_EVENTS,
  type ProgramDeclaration,
  type ProgramFeedback,
} from "../../schemas/messages/program-event.ts";
import { REQUEST_TYPE } from "../../schemas/messages/request.ts";
import { RESULT_TYPE, type Result } from "../../schemas/messages/result.ts";
import { SESSION_EVENTS, type SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import { VARIABLE_EVENTS } from "../../schemas/messages/variable-event.ts";
import { WORK_TYPE } from "../../schemas/messages/work.ts";
import { WORKER_EVENTS } from "../../schemas/messages/worker-event.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  programEventSubject,
  requestSubject,
  resultSubject,
  sessionEventSubject,
  variableEventSubject,
  workerEventSubject,
  workSubject,
} from "../../schemas/subjects.ts";
import { definitionOf } from "../../services/programs/definition.ts";
import { type AttemptOrder, decideRequest } from "../../services/router/decide.ts";
import { decideFailure } from "../../services/router/decide-failure.ts";
import { decodeEvent, type EventMessage } from "../../services/router/event.ts";
import { evolve } from "../../services/router/evolve.ts";
import { decideHedge } from "../../services/router/hedge/decide-hedge.ts";
import { type Intake, readIntake } from "../../services/router/intake.ts";
import { poolOf } from "../../services/router/pool-of.ts";
import { resultOf } from "../../services/router/result-message.ts";
import { initialState, type OpenRequest, type RouterState } from "../../services/router/state.ts";
import { workOf } from "../../services/router/work-message.ts";
import { type Command, decide as decideVariable } from "../../services/variables/decide.ts";

const ABILITIES = { isLogFull: () => false, hasFunction: () => true };

export class MemoryLog {
  readonly messages: EventMessage[] = [];
  state: RouterState = initialState();
  #requests = 0;

  register(declaration: ProgramDeclaration): void {
    const definition = definitionOf(declaration);
    const { type } = PROGRAM_EVENTS.registered;
    this.append(programEventSubject(definition.name, "registered"), type, { ...definition, by: "local" });
  }

  /** A command of the variables service. */
  variable(command: Command): void {
    const event = decideVariable(this.state.variables, command);
    if (event === undefined) return;
    this.append(
      variableEventSubject(event.verb),
      VARIABLE_EVENTS[event.verb].type,
      event.data,
      "variables/1",
    );
  }

  ask(program: string, inputs: object, options: object = {}): Intake {
    const id = `local.c0ffee.${++this.#requests}`;
    const message = this.append(requestSubject("local", program), REQUEST_TYPE, { id, inputs, ...options });
    return readIntake("local", program, message);
  }

  /** The first decision on a request, as a router takes it now. */
  decide(intake: Intake, inFlight: Record<string, number> = {}): AttemptOrder {
    return ordered(decideRequest(this.state, intake, inFlight, ABILITIES));
  }

  /** What follows the request's last failure. */
  decideNext(intake: Intake, inFlight: Record<string, number> = {}): AttemptOrder {
    const open = this.#open(intake);
    if (open.lastFailure === undefined) throw new Error(`${intake.id} has not failed`);
    return ordered(decideFailure(this.state, open, open.lastFailure, intake, inFlight));
  }

  /** A second attempt beside the first one, which is that old. */
  decideHedge(intake: Intake, afterMs: number, inFlight: Record<string, number> = {}): AttemptOrder {
    const order = decideHedge(this.state, this.#open(intake), intake, inFlight, ABILITIES, afterMs);
    if (order === undefined) throw new Error(`${intake.id} is not hedged`);
    return order;
  }

  work(order: AttemptOrder, intake: Intake, router = "router/1"): number {
    const pool = poolOf(order.implementation);
    const times = { routeMs: 0.1, waitMs: 0 };
    const work = workOf(order, intake, this.#open(intake), times, undefined, order.worker);
    return this.append(workSubject(pool, order.worker), WORK_TYPE, work, router).sequence;
  }

  /** @param workSequence 0 = it ran in the router. */
  fail(order: AttemptOrder, intake: Intake, code: ErrorCode, workSequence = 0): void {
    this.append(
      ATTEMPT_FAILED_SUBJECT,
      ATTEMPT_FAILED_TYPE,
      {
        id: order.id,
        attempt: order.attempt,
        implementation: order.implementation.name,
        pool: poolOf(order.implementation),
        worker: "0",
        error: new DspexError(code, "as the test says").toWire(),
        startedAt: "2026-01-01T00:00:00.000Z",
        durationMs: 5,
        plan: order.plan,
        decision: order.decision,
        requestSequence: intake.sequence,
        workSequence,
      },
      workSequence === 0 ? "router/1" : "pool-general/0",
    );
  }

  succeed(order: AttemptOrder, intake: Intake, totalMs = 100): void {
    this.end(intake, {
      status: "succeeded",
      outputs: {},
      order,
      decision: order.decision,
      totalMs,
    });
  }

  /** A result, with whatever of it a test wants otherwise. */
  end(
    intake: Intake,
    {
      status,
      outputs,
      order,
      decision,
      totalMs = 100,
    }: {
      status: Result["status"];
      outputs?: Record<string, unknown>;
      order?: AttemptOrder;
      decision?: Decision;
      totalMs?: number;
    },
  ): void {
    const implementation = order?.implementation;
    const result = resultOf(intake, this.#open(intake), {
      status,
      ...(outputs !== undefined && { outputs }),
      ...(status === "failed" && { error: new DspexError("internal", "as the test says").toWire() }),
      version: order?.definition.version,
      implementation: implementation?.name,
      ...(status === "succeeded" &&
        order !== undefined &&
        implementation !== undefined && {
          attempt: {
            attempt: order.attempt,
            implementation: implementation.name,
            pool: poolOf(implementation),
            worker: order.worker ?? "1",
            startedAt: "2026-01-01T00:00:00.000Z",
            durationMs: totalMs,
          },
        }),
      decision,
      routeMs: 0,
      runMs: totalMs,
      nowMs: intake.timeMs + totalMs,
    });
    this.append(resultSubject(intake.id), RESULT_TYPE, result);
  }

  /** A process of pool general that takes work, or takes none any more. */
  /** `lost` as a router tells it, `ended` as the supervisor that saw it. */
  worker(what: "started" | "lost" | "ended" | "found", worker: string, slots = 2): void {
    const verb = what === "ended" ? "lost" : what;
    const ended = what === "ended" && { exitCode: null, signal: "SIGKILL" };
    const data = { pool: "general", worker, incarnation: "a", slots, modules: [], gaveBack: [], ...ended };
    this.append(workerEventSubject(verb), WORKER_EVENTS[verb].type, data, "supervisor/1");
  }

  /** What the sessions service makes of a result. */
  turn(intake: Intake, session: string, worker: string): void {
    const data: SessionTurnAdded = {
      user: "local",
      session,
      turn: 1,
      id: intake.id,
      status: "succeeded",
      program: intake.program,
      worker: `general/${worker}`,
      usage: { inputTokens: 0, outputTokens: 0 },
      totalMs: 1,
      contextVersion: 0,
      history: [],
      log: { requests: [intake.sequence], work: [], failures: [], result: this.messages.length },
    };
    const { type } = SESSION_EVENTS["turn-added"];
    this.append(sessionEventSubject("local", session, "turn-added"), type, data, "sessions/1");
  }

  feedback(id: string, program: string, given: Partial<ProgramFeedback> & { score: number }): void {
    const { type } = PROGRAM_EVENTS.feedback;
    this.append(programEventSubject(program, "feedback"), type, { id, user: "local", program, ...given });
  }

  /** Appends and folds. */
  append(subject: string, type: string, data: object, source = "router/1"): EventMessage {
    const message = memoryMessage(
      subject,
      this.messages.length + 1,
      cloudEvent(type, source, randomUUID(), "2026-01-01T00:00:00.000Z", data),
    );
    this.messages.push(message);
    const event = decodeEvent(message);
    if (event === undefined) this.state.sequence = message.sequence;
    else this.state = evolve(this.state, event);
    return message;
  }

  /** Changes the data of a stored message, as somebody with the server's files could. */
  tamper(sequence: number, change: (data: Record<string, unknown>) => void): void {
    const at = this.messages.findIndex((message) => message.sequence === sequence);
    const message = this.messages[at];
    if (message === undefined) throw new Error(`no message ${sequence}`);
    const body = message.json() as { data: Record<string, unknown> };
    change(body.data);
    this.messages[at] = memoryMessage(message.subject, sequence, body);
  }

  /** As if these had never been. */
  erase(sequences: readonly number[]): void {
    const gone = new Set(sequences);
    const left = this.messages.filter(({ sequence }) => !gone.has(sequence));
    this.messages.splice(0, this.messages.length, ...left);
  }

  #open(intake: Intake): OpenRequest {
    const open = this.state.open.get(intake.id);
    if (open === undefined) throw new Error(`${intake.id} is not open`);
    return open;
  }
}

function memoryMessage(subject: string, sequence: number, body: object): EventMessage {
  const text = stringifyJson(body);
  return {
    subject,
    sequence,
    timeMs: Date.UTC(2026, 0, 1) + 1_000 * sequence,
    data: Buffer.from(text),
    header: () => undefined,
    json: () => parseJson(text),
  };
}

function ordered(action: ReturnType<typeof decideRequest>): AttemptOrder {
  if (action.kind === "fail") throw action.error;
  return action.order;
}
