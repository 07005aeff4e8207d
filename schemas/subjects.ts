// The only place where a subject, stream, consumer or bucket name is spelled. Builders check their tokens,
// so a value from outside can never widen a subject with a dot or a wildcard.

import { DspexError } from "./errors.ts";

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

/** Names that a user or connection token may not take: each has a meaning of its own in ids. */
export const RESERVED_TOKENS: ReadonlySet<string> = new Set(["x", "log", "p", "o", "t", "shared"]);

export function isToken(value: string): boolean {
  return TOKEN.test(value);
}

/** Returns `value` when it is a subject token, else throws `invalid_inputs` quoting it. */
export function token(value: string, what: string): string {
  if (!TOKEN.test(value)) {
    throw new DspexError(
      "invalid_inputs",
      `${what} ${JSON.stringify(value.slice(0, 80))} is not a token [A-Za-z0-9_-]{1,64}`,
    );
  }
  return value;
}

export const LOG_STREAM = "DSPEX";
export const TIMER_STREAM = "DSPEX_TIMER";
export const CHUNK_STREAM = "DSPEX_CHUNK";
export const VALUE_BUCKET = "DSPEX_VALUE";
export const ARTIFACT_BUCKET = "DSPEX_ARTIFACT";

/** Object bucket that holds the snapshots of one service, e.g. `DSPEX_SNAPSHOT_ROUTER`. */
export function snapshotBucket(service: string): string {
  return `DSPEX_SNAPSHOT_${token(service, "service").toUpperCase().replaceAll("-", "_")}`;
}

export const LOG_SUBJECTS = ["dspex.request.>", "dspex.work.>", "dspex.result.>", "dspex.event.>"] as const;
export const TIMER_SUBJECTS = ["dspex-schedule.>", "dspex-timer.>"] as const;
export const CHUNK_SUBJECTS = ["dspex-chunk.>"] as const;
export const RESULT_REPUBLISH = { source: "dspex.result.>", destination: "dspex-live.result.>" } as const;

// ── the log ──────────────────────────────────────────────────────────────────────────────────────────────

export function requestSubject(user: string, program: string): string {
  return `dspex.request.${token(user, "user")}.${token(program, "program")}`;
}

/** Subject of work that any worker of the pool may take. */
export function workSubject(pool: string, worker = "any"): string {
  return `dspex.work.${token(pool, "pool")}.${token(worker, "worker")}`;
}

/** `id` has three tokens, checked by `parseRequestId` before it gets here. */
export function resultSubject(id: string): string {
  return `dspex.result.${id}`;
}

export function requestEventSubject(verb: string): string {
  return `dspex.event.request.${verb}`;
}
export const ATTEMPT_FAILED_SUBJECT = "dspex.event.attempt.failed";

export function programEventSubject(name: string, verb: string): string {
  return `dspex.event.program.${token(name, "program")}.${verb}`;
}
/**
 * Where one judgement of a result goes: a subject of its own, so that the server stores it once, and whoever tells a
 * request's story finds its judgements without a scan. `judgement` = which one of that result.
 */
export function feedbackSubject(program: string, id: string, judgement: string): string {
  return `${programEventSubject(program, "feedback")}.${id}.${token(judgement, "judgement")}`;
}
/** All judgements that one user has made of a program's results. */
export function feedbackBy(user: string, program: string): string {
  return `${programEventSubject(program, "feedback")}.${token(user, "user")}.>`;
}
/** All judgements of one user's results. */
export function feedbackOfUser(user: string): string {
  return `dspex.event.program.*.feedback.${token(user, "user")}.>`;
}
/** All judgements of one result. */
export function feedbackOf(program: string, id: string): string {
  return `${programEventSubject(program, "feedback")}.${id}.*`;
}
export function policyEventSubject(verb: string): string {
  return `dspex.event.policy.${token(verb, "verb")}`;
}
/** `verb` may be `*`: everything that happens to one session. */
export function sessionEventSubject(user: string, session: string, verb: string): string {
  return `dspex.event.session.${token(user, "user")}.${token(session, "session")}.${verb === "*" ? verb : token(verb, "verb")}`;
}
/** `name` = a run of the user, or a pipeline; `verb` may be `*`: everything that happens to it. */
export function pipelineEventSubject(user: string, name: string, verb: string): string {
  return `dspex.event.pipeline.${token(user, "user")}.${token(name, "run")}.${verb === "*" ? verb : token(verb, "verb")}`;
}
export function breakerEventSubject(verb: string): string {
  return `dspex.event.breaker.${token(verb, "verb")}`;
}
export const POLICY_EVENTS_FILTER = "dspex.event.policy.>";
export function variableEventSubject(verb: string): string {
  return `dspex.event.variable.${token(verb, "verb")}`;
}
export const VARIABLE_EVENTS_FILTER = "dspex.event.variable.>";
export function optimizationEventSubject(run: string, verb: string): string {
  return `dspex.event.optimization.${token(run, "run")}.${verb}`;
}
export const OPTIMIZATION_EVENTS_FILTER = "dspex.event.optimization.>";
/** Results of all optimisations. */
export const OPTIMIZATION_RESULTS_FILTER = "dspex.result.*.o.*";
export function workerEventSubject(verb: string): string {
  return `dspex.event.worker.${verb}`;
}

/** What a user's own events are under, by kind; programs and variables are everybody's. */
export const USER_EVENTS = {
  request: (user: string) => `dspex.request.${user}.>`,
  result: (user: string) => `dspex.result.${user}.>`,
  program: programRegistrations,
  variable: () => VARIABLE_EVENTS_FILTER,
  session: (user: string) => `dspex.event.session.${user}.>`,
  pipeline: (user: string) => `dspex.event.pipeline.${user}.>`,
} as const;
/** Requests of one user, one program, or (`*`) of all. */
export function requestsFilter(user = "*", program = "*"): string {
  return `dspex.request.${user}.${program}`;
}
/** Results of one user. */
export function resultsFilter(user: string): string {
  return `dspex.result.${token(user, "user")}.>`;
}
/** Everything of one kind: `work`, `result`, or an entity of events. */
export function kindFilter(kind: string): string {
  return kind === "work" || kind === "result" || kind === "request"
    ? `dspex.${kind}.>`
    : `dspex.event.${kind}.>`;
}
export const REQUEST_EVENTS_FILTER = "dspex.event.request.>";
export const FEEDBACK_FILTER = "dspex.event.program.*.feedback.>";
export const SESSION_EVENTS_FILTER = "dspex.event.session.>";
/** All tombstones: what was erased, and by whose wish. */
export const SESSIONS_ERASED_FILTER = "dspex.event.session.*.*.erased";
/** Results under an id that somebody chose, whoever that was. */
export function chosenResults(key: string): string {
  return `dspex.result.*.x.${token(key, "id")}`;
}
export const ALL_WORK = "dspex.work.>";
export const ALL_LOG = "dspex.>";
/** The last message of all: the server answers at once, where for `ALL_LOG` it looks at every subject that there is. */
export const ANY_SUBJECT = ">";
/** All registrations of programs. */
export function programRegistrations(): string {
  return "dspex.event.program.*.registered";
}
export const PROGRAM_EVENTS_FILTER = "dspex.event.program.>";

/** The id in a result's subject. */
export function idOfResultSubject(subject: string): string {
  return subject.slice("dspex.result.".length);
}
export function idOfLiveResultSubject(subject: string): string {
  return subject.slice("dspex-live.result.".length);
}

/** A subject of the log, taken apart. `unknown` = a later version's subject: folds leave it alone. */
export type LogSubject =
  | { kind: "request"; user: string; program: string }
  | { kind: "work"; pool: string; worker: string }
  | { kind: "result"; id: string }
  | { kind: "event"; entity: string; name?: string; verb: string }
  | { kind: "unknown" };

/** Never throws: what does not parse is `unknown`. */
export function parseLogSubject(subject: string): LogSubject {
  const [prefix, kind, a, b, ...rest] = subject.split(".");
  if (prefix !== "dspex" || a === undefined || b === undefined) return { kind: "unknown" };
  switch (kind) {
    case "request":
      return rest.length === 0 ? { kind, user: a, program: b } : { kind: "unknown" };
    case "work":
      return rest.length === 0 ? { kind, pool: a, worker: b } : { kind: "unknown" };
    case "result":
      return rest.length === 1 ? { kind, id: idOfResultSubject(subject) } : { kind: "unknown" };
    case "event": {
      if (a === "program" && rest[0] === "feedback") return { kind, entity: a, name: b, verb: "feedback" };
      const verb = rest.pop();
      if (verb === undefined) return { kind, entity: a, verb: b };
      return { kind, entity: a, name: [b, ...rest].join("."), verb };
    }
    default:
      return { kind: "unknown" };
  }
}

// ── off the log ──────────────────────────────────────────────────────────────────────────────────────────

export function liveResultSubject(id: string): string {
  return `dspex-live.result.${id}`;
}
/** All live results of one client connection. */
export function liveResultsOf(user: string, connection: string): string {
  return `dspex-live.result.${user}.${connection}.*`;
}
/** Word of a run of a pipeline for whoever waits for it: it has ended, or its service is there again. */
export function liveRunSubject(user: string, run: string): string {
  return `dspex-live.result.${user}.p.${run}.told`;
}
export const ALL_LIVE_RUNS = "dspex-live.result.*.p.*.told";
export function chunkSubject(id: string): string {
  return `dspex-chunk.${id}`;
}
export function scheduleSubject(kind: string, key: string): string {
  return `dspex-schedule.${token(kind, "timer kind")}.${token(key, "timer key")}`;
}
export function timerSubject(kind: string, key: string): string {
  return `dspex-timer.${token(kind, "timer kind")}.${token(key, "timer key")}`;
}
export function beatSubject(pool: string, worker: string): string {
  return `dspex-beat.${token(pool, "pool")}.${token(worker, "worker")}`;
}
export const ALL_BEATS = "dspex-beat.*.*";
export function controlSubject(pool: string, worker: string): string {
  return `dspex-control.${token(pool, "pool")}.${token(worker, "worker")}`;
}
/** `rest` = the verb and what follows it, e.g. `call.answer`. */
export function apiSubject(user: string, rest: string): string {
  return `dspex-api.${user}.${rest}`;
}
export function adminSubject(user: string, rest: string): string {
  return `dspex-admin.${user}.${rest}`;
}
/** What a service of the API listens to, for all users. */
export function apiPattern(rest: string): string {
  return `dspex-api.*.${rest}`;
}
export function adminPattern(rest: string): string {
  return `dspex-admin.*.${rest}`;
}
/** All live results of a user. */
export function liveResultsOfUser(user: string): string {
  return `dspex-live.result.${user}.>`;
}
export const ALL_TOOL_CALLS = "dspex-tool.*.call.*";
/** A pool calls a program as a tool. */
export function toolCallSubject(pool: string, program: string): string {
  return `dspex-tool.${token(pool, "pool")}.call.${token(program, "program")}`;
}
/** A pool announces its users' modules. */
export function poolModulesSubject(pool: string): string {
  return `dspex-pool.${pool === "*" ? pool : token(pool, "pool")}.modules`;
}
/** Request to any router: `{id, after}` (answered once its fold passed `after`) → `{open: {request, work[], failures[]} | null}`, sequences of an unfinished request. */
export const OPEN_REQUEST_SUBJECT = "dspex-router.open";
/** Request to the keeper: make follower `n` of `role` again, from a sequence. */
export function followSetupSubject(role: string, n: number | "*"): string {
  return `dspex-setup.follow.${role}.${n}`;
}
export const SETUP_INFO_SUBJECT = "dspex-setup.info";
/** Request to the keeper: delete the bytes that the last tombstone of `{user, session}` names. */
export const ERASE_SETUP_SUBJECT = "dspex-setup.erase";

// ── consumers ────────────────────────────────────────────────────────────────────────────────────────────

export const ROUTER_REQUESTS_CONSUMER = "work-router-requests";
export const ROUTER_EVENTS_CONSUMER = "work-router-events";
export const ROUTER_TIMERS_CONSUMER = "work-router-timers";
export function workConsumer(pool: string, worker = "any"): string {
  return `work-${token(pool, "pool")}-${token(worker, "worker")}`;
}
export function followConsumer(role: string, n: number): string {
  return `follow-${role}-${n}`;
}
