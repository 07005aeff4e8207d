// A sessions service on a real server, in processes of its own, with requests and results that a test writes as the
// gateway and the router would, and users that ask it.
//
//   await using stage = await SessionsStage.start();
//   const service = await stage.service(1);
//   await stage.turn("chat", { question: "…" });

import { sessionEventSubject } from "../../schemas/subjects.ts";
import { type Appender, appenderOf } from "../../services/bus/append.ts";
import { createHeaders } from "../../services/bus/connect.ts";
import { Api } from "../../services/client/api.ts";
import type { SessionTurn } from "../../services/client/session-answers.ts";
import { LogReader } from "../../services/log/read.ts";
import { applyMessage } from "../../services/sessions/apply.ts";
import type { SessionsConfig } from "../../services/sessions/config.ts";
import { initialState, type SessionsState } from "../../services/sessions/state.ts";
import { type Child, startChild } from "./child-process.ts";
import { type LogRecord, readLog } from "./read-log.ts";
import {
  type Answered,
  failedMessage,
  requestMessage,
  resultMessage,
  type WrittenTo,
  workMessage,
} from "./session-log.ts";
import type { SessionsProcessSettings } from "./sessions-process.ts";
import { startNats, type TestNats } from "./start-nats.ts";

const PROCESS = new URL("./sessions-process.ts", import.meta.url);

export class SessionsStage implements AsyncDisposable {
  readonly nats: TestNats;
  readonly reader: LogReader;
  /** Writes requests, and results and what is on the way to them. */
  readonly gateway: Appender;
  readonly router: Appender;
  readonly ann: Api;
  readonly bob: Api;
  readonly #running: Child[] = [];
  #n = 0;

  private constructor(nats: TestNats, reader: LogReader, writers: [Appender, Appender], users: [Api, Api]) {
    this.nats = nats;
    this.reader = reader;
    [this.gateway, this.router] = writers;
    [this.ann, this.bob] = users;
  }

  static async start(): Promise<SessionsStage> {
    const nats = await startNats({ users: [{ name: "ann" }, { name: "bob" }] });
    const writer = async (role: "gateway" | "router") =>
      appenderOf(await nats.connectAs(role), { role, instance: 9 });
    const api = async (user: string) => new Api(await nats.connectAs(user), user);
    const reader = await LogReader.open(await nats.connectAs("sessions"));
    return new SessionsStage(
      nats,
      reader,
      [await writer("gateway"), await writer("router")],
      [await api("ann"), await api("bob")],
    );
  }

  /** The service in a process of its own; it is killed at the end, if not before. */
  async service(instance: number, config: Partial<SessionsConfig> = {}): Promise<Child> {
    const { password } = this.nats.login("sessions");
    const settings: SessionsProcessSettings = { natsUrl: this.nats.url, password, instance, config };
    const child = await startChild(`sessions/${instance}`, { entry: PROCESS, settings });
    this.#running.push(child);
    return child;
  }

  nextId(user = "ann"): string {
    return `${user}.c1.${++this.#n}`;
  }

  /** Of the gateway or the router. */
  write(appender: Appender, { subject, body, headers = {} }: WrittenTo): Promise<number> {
    const all = createHeaders();
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    return appender.append(subject, body, { headers: all });
  }

  /** A request and its result, with an attempt that failed before; answers the id. */
  async turn(
    session: string,
    inputs: Record<string, unknown>,
    more: Partial<Answered> & { user?: string } = {},
  ): Promise<string> {
    const { user, ...answered } = more;
    const id = this.nextId(user);
    const request = await this.write(this.gateway, requestMessage(id, session, inputs));
    const work = [await this.write(this.router, workMessage(id, session, 1))];
    const failures = [await this.write(this.router, failedMessage(id))];
    work.push(await this.write(this.router, workMessage(id, session, 2)));
    const log = { request, work, failures };
    await this.write(this.router, resultMessage(id, { session, log, ...answered }));
    return id;
  }

  async ask<Answer>(verb: string, body: object, api = this.ann): Promise<Answer> {
    return (await api.request({ verb: `session.${verb}`, body })) as Answer;
  }

  async turns(session: string, api = this.ann): Promise<SessionTurn[]> {
    return (await this.ask<{ turns: SessionTurn[] }>("turns", { session }, api)).turns;
  }

  log(): Promise<LogRecord[]> {
    return readLog(this.nats);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running.map((child) => child.kill9()));
    this.gateway.close();
    this.router.close();
    await this.nats[Symbol.asyncDispose]();
  }
}

/** Data of one session's events of one kind. */
export function eventsOf<Data>(
  log: readonly LogRecord[],
  session: string,
  verb: string,
  user = "ann",
): Data[] {
  return log
    .filter(({ subject }) => subject === sessionEventSubject(user, session, verb))
    .map(({ body }) => (body as { data: Data }).data);
}

/** The service's fold of a log. */
export function foldSessions(log: readonly LogRecord[], upTo = Number.POSITIVE_INFINITY): SessionsState {
  const state = initialState();
  for (const { subject, sequence, timeMs, data, header } of log) {
    if (sequence > upTo) break;
    const json = () => JSON.parse(Buffer.from(data).toString());
    applyMessage(state, { subject, sequence, timeMs, data, header, json });
  }
  return state;
}
