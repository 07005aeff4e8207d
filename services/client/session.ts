// A conversation: programs called one after the other, each with the turns before it as its history. What it is lives
// in the log alone, so the same name gives the same session in any process.
//
//   const session = dspex.session("support-17", { ttlMs: 3_600_000 });
//   await session.call("answer", { question: "…" });

import { randomBytes } from "node:crypto";
import { token } from "../../schemas/subjects.ts";
import type { Api } from "./api.ts";
import type { CallOptions } from "./options.ts";
import type { Program, SignatureLike } from "./program.ts";
import type { Run } from "./run.ts";
import type {
  SessionContext,
  SessionErasure,
  SessionInfo,
  SessionListAnswer,
  SessionTurn,
  SessionTurnsAnswer,
  UserErasure,
} from "./session-answers.ts";

type Values = Record<string, unknown>;
/** The session is named by the session. */
export type TurnOptions = Omit<CallOptions, "session">;

export interface SessionOptions {
  /** Idle time after which it expires; absent = as the system is configured. */
  ttlMs?: number;
}

/** What a session needs of the client that made it. */
export interface SessionHost {
  program<In, Out>(name: string, signature?: SignatureLike<In, Out>): Program<In, Out>;
  expandValues(values: Values): Values | Promise<Values>;
}

/** Erasing goes through what the session has, and through the requests of its user since it began. */
const ERASE_MS = 300_000;

export class Session {
  readonly id: string;
  readonly #api: Api;
  readonly #host: SessionHost;
  readonly #ttlMs: number | undefined;
  #opened: Promise<SessionInfo> | undefined;

  constructor(api: Api, host: SessionHost, id: string | undefined, { ttlMs }: SessionOptions = {}) {
    this.#api = api;
    this.#host = host;
    this.#ttlMs = ttlMs;
    this.id = id === undefined ? randomBytes(9).toString("hex") : token(id, "session");
  }

  /**
   * Opens it, which the first call or context does by itself; one that is open stays as it is.
   * @throws DspexError `gone` when it has ended, unless the system is configured to open such again.
   */
  open(): Promise<SessionInfo> {
    this.#opened ??= this.#ask<SessionInfo>("open", {
      ...(this.#ttlMs !== undefined && { ttlMs: this.#ttlMs }),
    }).catch((error) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  /** Outputs of a program within the session. @throws DspexError; `gone` when the session has ended. */
  async call<In, Out>(
    program: string | Program<In, Out>,
    inputs: In,
    options: TurnOptions = {},
  ): Promise<Out> {
    if (this.#ttlMs !== undefined) await this.open();
    return this.#program(program).call(inputs, { ...options, session: this.id });
  }

  /** Sends the request and returns a handle. Turns of one session run one after the other, in the order in which they come. */
  async submit<In, Out>(
    program: string | Program<In, Out>,
    inputs: In,
    options: TurnOptions = {},
  ): Promise<Run<Out>> {
    if (this.#ttlMs !== undefined) await this.open();
    return this.#program(program).submit(inputs, { ...options, session: this.id });
  }

  /** @throws DspexError `not_found` while nobody has opened it. */
  info(): Promise<SessionInfo> {
    return this.#ask("get", {});
  }

  /** The context document, with its version. @throws DspexError `not_found` */
  context(): Promise<SessionContext> {
    return this.#ask("context", {});
  }

  /**
   * Puts another document in the place of the context; returns its version.
   * @throws DspexError `conflict` when `expectedVersion` is not the one in force: read it and decide again.
   */
  async setContext(context: Values, { expectedVersion }: { expectedVersion?: number } = {}): Promise<number> {
    await this.open();
    const body = { context, ...(expectedVersion !== undefined && { expectedVersion }) };
    return (await this.#ask<{ version: number }>("set-context", body)).version;
  }

  /** Its turns in order, shared ones of a fork first. */
  turns({ from = 1 }: { from?: number } = {}): AsyncGenerator<SessionTurn> {
    return this.#turns(from, Number.POSITIVE_INFINITY);
  }

  /** The session as it was after a turn; 0 = before the first. */
  at(turn: number): PastSession {
    return {
      turn,
      context: () => this.#ask("context", { turn }),
      turns: () => this.#turns(1, turn),
      fork: (options) => this.fork(turn, options),
    };
  }

  /**
   * Another session that goes on from a turn of this one; absent = from the last.
   * @throws DspexError `not_found`, `invalid_inputs` for a turn that it has not had.
   */
  async fork(at?: number, { as, ttlMs }: ForkOptions = {}): Promise<Session> {
    const forked = await this.#ask<SessionInfo>("fork", {
      ...(at !== undefined && { at }),
      ...(as !== undefined && { as: token(as, "session") }),
      ...(ttlMs !== undefined && { ttlMs }),
    });
    return new Session(this.#api, this.#host, forked.session);
  }

  /** Nothing can be asked in it any more; what it was can still be read. */
  async close(reason?: string): Promise<SessionInfo> {
    const closed = await this.#ask<SessionInfo>("close", { ...(reason !== undefined && { reason }) });
    this.#opened = undefined;
    return closed;
  }

  /** Ends it and erases all that the system holds of it, down to the bytes. Cannot be undone. */
  async erase(): Promise<SessionErasure> {
    const erased = await this.#ask<SessionErasure>("erase", {}, ERASE_MS);
    this.#opened = undefined;
    return erased;
  }

  async *#turns(from: number, last: number): AsyncGenerator<SessionTurn> {
    for (let next: number | undefined = from; next !== undefined && next <= last; ) {
      const answer: SessionTurnsAnswer = await this.#ask("turns", { from: next });
      for (const turn of answer.turns) {
        if (turn.turn > last) return;
        yield await this.#expanded(turn);
      }
      next = answer.next;
    }
  }

  async #expanded(turn: SessionTurn): Promise<SessionTurn> {
    const { inputs, outputs } = turn;
    return {
      ...turn,
      ...(inputs !== undefined && { inputs: await this.#host.expandValues(inputs) }),
      ...(outputs !== undefined && { outputs: await this.#host.expandValues(outputs) }),
    };
  }

  #program<In, Out>(program: string | Program<In, Out>): Program<In, Out> {
    return typeof program === "string" ? this.#host.program<In, Out>(program) : program;
  }

  async #ask<Answer>(verb: string, body: Values, timeoutMs?: number): Promise<Answer> {
    const answer = await this.#api.request({
      verb: `session.${verb}`,
      body: { session: this.id, ...body },
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
    return answer as Answer;
  }
}

export interface ForkOptions extends SessionOptions {
  /** Name of the new session; absent = a random one. */
  as?: string;
}

/** A session as it was after one of its turns. */
export interface PastSession {
  readonly turn: number;
  context(): Promise<SessionContext>;
  turns(): AsyncGenerator<SessionTurn>;
  fork(options?: ForkOptions): Promise<Session>;
}

/** See `Dspex.eraseUserData`. */
export async function eraseUserData(api: Api, user: string): Promise<UserErasure> {
  return (await api.request({
    verb: "session.erase-user",
    body: { user },
    timeoutMs: ERASE_MS,
  })) as UserErasure;
}

/** Own sessions by name. */
export async function* listSessions(
  api: Api,
  status: SessionInfo["status"] | undefined,
): AsyncGenerator<SessionInfo> {
  let after: string | undefined;
  do {
    const body = { ...(status !== undefined && { status }), ...(after !== undefined && { after }) };
    const answer = (await api.request({ verb: "session.list", body })) as SessionListAnswer;
    yield* answer.sessions;
    after = answer.next;
  } while (after !== undefined);
}
