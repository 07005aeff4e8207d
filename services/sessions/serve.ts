// The part of the API that speaks of sessions: `dspex-api.<user>.session.<verb>`. The user is that of the account which
// asks, so nobody can name another's session: to anybody else it is not there.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { jsonObjectSchema, tokenSchema } from "../../schemas/messages/parts.ts";
import { apiPattern } from "../../schemas/subjects.ts";
import type { Answer, ApiRequest, Endpoint } from "../bus/micro-service.ts";
import type {
  SessionInfo,
  SessionListAnswer,
  SessionTurn,
  SessionTurnsAnswer,
} from "../client/session-answers.ts";
import type { LogReader } from "../log/read.ts";
import type { SessionCommands } from "./commands.ts";
import type { SessionsConfig } from "./config.ts";
import { readLargeTurn } from "./contents.ts";
import type { SessionsFold } from "./fold.ts";
import { findSession, type Session } from "./state.ts";
import type { FoundTurn } from "./time-travel.ts";
import { firstNames, viewOf } from "./views.ts";

/** Of one answer. */
const MOST_LISTED = 256;
const MOST_TURNS = 64;
/** An answer is one message, of at most 1 MiB. */
const MOST_BYTES = 786_432;

const ttl = z.number().int().min(1_000).max(604_800_000).optional();
const limit = (most: number) => z.number().int().min(1).max(most).default(most);
const turnNumber = z.number().int().nonnegative();
const session = tokenSchema;

const schemas = {
  open: z.strictObject({ session, ttlMs: ttl }),
  get: z.strictObject({ session }),
  context: z.strictObject({ session, turn: turnNumber.optional() }),
  "set-context": z.strictObject({
    session,
    context: jsonObjectSchema,
    expectedVersion: turnNumber.optional(),
  }),
  turns: z.strictObject({
    session,
    from: z.number().int().positive().default(1),
    limit: limit(MOST_TURNS),
  }),
  list: z.strictObject({
    after: z.string().optional(),
    limit: limit(MOST_LISTED),
    status: z.enum(["open", "closed", "expired", "erased"]).optional(),
  }),
  fork: z.strictObject({
    session,
    /** Turn from which it goes on; absent = the last. */
    at: turnNumber.optional(),
    /** Name of the new session; absent = a random one. */
    as: tokenSchema.optional(),
    ttlMs: ttl,
  }),
  close: z.strictObject({ session, reason: z.string().max(1_024).optional() }),
  erase: z.strictObject({ session }),
  /** Said twice: by the account that asks, and here. */
  "erase-user": z.strictObject({ user: tokenSchema }),
} as const;
type Verb = keyof typeof schemas;

export interface SessionsApi {
  commands: SessionCommands;
  fold: SessionsFold;
  reader: LogReader;
  config: SessionsConfig;
}

export function sessionEndpoints(api: SessionsApi): Endpoint[] {
  const { commands, fold, config } = api;
  const view = (one: Session): SessionInfo => viewOf(one, fold.state.timeMs, config);
  return [
    endpoint("open", async (user, { session: name, ttlMs }) => view(await commands.open(user, name, ttlMs))),
    endpoint("get", async (user, { session: name }) => view(await commands.get(user, name))),
    endpoint("context", (user, { session: name, turn }) => commands.context(user, name, turn)),
    endpoint("set-context", async (user, { session: name, context, expectedVersion }) => {
      const bytes = Buffer.byteLength(stringifyJson(context));
      if (bytes > config.contextBytes) {
        throw new DspexError(
          "payload_too_large",
          `the context of session ${JSON.stringify(name)} has ${bytes} bytes, at most ${config.contextBytes}`,
          { path: "context" },
        );
      }
      return { version: await commands.setContext(user, name, context, expectedVersion) };
    }),
    endpoint("turns", (user, { session: name, from, limit: most }) => turns(api, user, name, from, most)),
    endpoint("list", async (user, asked) => list(api, user, asked)),
    endpoint("fork", async (user, { session: name, ...how }) =>
      view(await commands.fork(user, name, { at: how.at, as: how.as, ttlMs: how.ttlMs })),
    ),
    endpoint("close", async (user, { session: name, reason }) =>
      view(await commands.close(user, name, reason)),
    ),
    endpoint("erase", (user, { session: name }) => commands.erase(user, name)),
    endpoint("erase-user", async (user, { user: named }) => {
      if (named === user) return commands.eraseUser(user);
      const text = `user ${JSON.stringify(user)} may erase its own data, not that of ${JSON.stringify(named)}`;
      throw new DspexError("not_allowed", text, { path: "user" });
    }),
  ];
}

function endpoint<Of extends Verb>(
  verb: Of,
  answer: (user: string, body: z.output<(typeof schemas)[Of]>) => Promise<unknown>,
): Endpoint {
  return {
    name: `session-${verb}`,
    subject: apiPattern(`session.${verb}`),
    answer: async (request: ApiRequest): Promise<Answer> => {
      const body = check(schemas[verb] as z.ZodType, request.json()) as z.output<(typeof schemas)[Of]>;
      return { body: await answer(request.user, body) };
    },
  };
}

function list(
  { fold, config }: SessionsApi,
  user: string,
  { after, limit: most, status }: z.output<typeof schemas.list>,
): SessionListAnswer {
  const { namesOf, timeMs } = fold.state;
  const viewAt = (name: string): SessionInfo | undefined => {
    const found = findSession(fold.state, user, name);
    return found === undefined ? undefined : viewOf(found, timeMs, config);
  };
  const isWanted = (name: string) =>
    findSession(fold.state, user, name)?.upTo === 0 &&
    (status === undefined || statusAt(fold, user, name) === status);
  const sessions = firstNames(namesOf.get(user) ?? [], after, most, isWanted).flatMap(
    (name) => viewAt(name) ?? [],
  );
  const last = sessions.at(-1);
  return { sessions, ...(sessions.length === most && last !== undefined && { next: last.session }) };
}

function statusAt({ state }: SessionsFold, user: string, name: string): string | undefined {
  const status = findSession(state, user, name)?.status;
  return status === "named" ? "open" : status;
}

/** As many as one answer holds; `next` = where to go on. */
async function turns(
  { commands, reader }: SessionsApi,
  user: string,
  name: string,
  from: number,
  most: number,
): Promise<SessionTurnsAnswer> {
  const found = await commands.turns(user, name, { from, limit: most });
  const told: SessionTurn[] = [];
  let bytes = 0;
  for (const one of found) {
    const turn = await turnOf(reader, one);
    bytes += Buffer.byteLength(stringifyJson(turn));
    if (bytes > MOST_BYTES && told.length > 0) return { turns: told, next: turn.turn };
    told.push(bytes > MOST_BYTES ? withoutContents(turn) : turn);
  }
  const last = told.at(-1);
  return { turns: told, ...(found.length === most && last !== undefined && { next: last.turn + 1 }) };
}

async function turnOf(reader: LogReader, { sequence, time, data }: FoundTurn): Promise<SessionTurn> {
  const { user: _user, session: _session, history: _history, ...turn } = data;
  const isLarge = turn.status === "succeeded" && turn.inputs === undefined;
  const contents = isLarge ? await readLargeTurn(reader, data) : undefined;
  return { sequence, time, ...turn, ...contents };
}

function withoutContents({ inputs: _inputs, outputs: _outputs, ...turn }: SessionTurn): SessionTurn {
  return turn;
}
