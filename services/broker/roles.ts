// The parts of the system as NATS users, and for each the row of the contract's role table that it needs: what
// it may append, what it may read, which pools' work it takes. `permissions.ts` turns a row into exact subjects.

import {
  ALL_BEATS,
  ALL_LIVE_RUNS,
  ERASE_SETUP_SUBJECT,
  OPEN_REQUEST_SUBJECT,
  SETUP_INFO_SUBJECT,
} from "../../schemas/subjects.ts";
import type { ApiWord } from "./api-words.ts";

export const ROLES = [
  "router",
  "native",
  "pool-general",
  "pool-optimizer",
  "pool-neural",
  "supervisor",
  "learning",
  "programs",
  "variables",
  "sessions",
  "pipelines",
  "telemetry",
  "gateway",
  "operator",
  "setup",
] as const;
export type Role = (typeof ROLES)[number];

export function isRole(name: string): name is Role {
  return (ROLES as readonly string[]).includes(name);
}

/** Pools whose work is routed over the log; the role that takes a pool's work is `roleOfPool(pool)`. */
export const POOLS = ["native", "general", "optimizer", "neural"] as const;
export type Pool = (typeof POOLS)[number];

export function roleOfPool(pool: Pool): Role {
  return pool === "native" ? "native" : `pool-${pool}`;
}

/** Workers of one pool are numbered 0 … 15: NATS permissions match whole tokens, so consumer names are a fixed set. */
export const MAX_WORKERS = 16;
/** Followers of one role are numbered 0 … 15. */
export const MAX_FOLLOWERS = 16;

export interface RoleRow {
  /** Patterns of the log that it may append to. */
  append: readonly string[];
  /** Filters of its followers (`follow-<role>-<n>`); absent = it has none. The keeper refuses any other filter. */
  follow?: readonly string[];
  /** Direct get in the log: everything, or the last message of subjects under these patterns. */
  directGet?: "everything" | readonly string[];
  /** Takes the work of this pool: its consumers, beats, control subject, chunks and tool calls. */
  pool?: Pool;
  /** Durable consumers of its own besides those of a pool. */
  consumers?: readonly { stream: "log" | "timers"; name: string }[];
  /** Kinds of timers that it may set; they come back over `work-<role>-timers`. */
  timers?: readonly string[];
  /** Buckets that it reads and writes besides its snapshots. */
  values?: "read" | "write";
  artifacts?: "read" | "write";
  /** Has a snapshot bucket, which it alone writes. */
  snapshots?: boolean;
  /** Words of the API that it serves. */
  serves?: readonly ApiWord[];
  /** Core NATS subjects besides. */
  publish?: readonly string[];
  subscribe?: readonly string[];
  /** Answers requests that come from other accounts: of pools, or over the API. */
  answersAccounts?: boolean;
  /** Answers requests of these roles of its own account: replies go to their inboxes. */
  answers?: readonly Role[];
}

/**
 * Roles that run code which users wrote (pools), and the one that people log in with and that may change nothing. Each
 * has an account of its own, as users have: in one account with the log, a reply subject would have the server itself
 * write there, delete a consumer, or delete the log.
 */
export const ISOLATED_ROLES = [
  "native",
  "pool-general",
  "pool-optimizer",
  "pool-neural",
  "operator",
] as const;

const WHOLE_LOG = ["dspex.request.>", "dspex.work.>", "dspex.result.>", "dspex.event.>"] as const;

/** What every pool needs; its work, beats, chunks, control and tool calls follow from `pool`. */
function poolRow(pool: Pool): RoleRow {
  const optimizer = pool === "optimizer";
  return {
    pool,
    append: [
      "dspex.result.*.*.*",
      "dspex.event.attempt.failed",
      "dspex.event.request.superseded",
      ...(optimizer ? ["dspex.event.optimization.*.trial-finished"] : []),
    ],
    follow: [
      "dspex.event.variable.>",
      "dspex.event.program.>",
      // How choices lean to their labels.
      ...(pool === "native" ? ["dspex.event.policy.>"] : []),
      ...(optimizer ? ["dspex.event.optimization.>"] : []),
    ],
    directGet: [
      "dspex.result.*.*.*",
      "dspex.event.program.>",
      ...(pool === "native" ? ["dspex.event.policy.>"] : []),
      // Where a run that it takes over stands.
      ...(optimizer ? ["dspex.event.optimization.*.trial-finished"] : []),
    ],
    values: "write",
    artifacts: optimizer ? "write" : "read",
    publish: [`dspex-pool.${pool}.modules`],
  };
}

/** What the services have in common that fold the log and append their own events. */
function foldRow(append: readonly string[], word: ApiWord | readonly ApiWord[], timers: string[]): RoleRow {
  return {
    append,
    follow: WHOLE_LOG,
    directGet: "everything",
    values: "read",
    artifacts: "read",
    snapshots: true,
    serves: typeof word === "string" ? [word] : word,
    timers,
  };
}

const REQUESTS_OF_USERS = ["dspex.request.*.*", "dspex.event.request.cancel-requested"] as const;

export const ROLE_ROWS: Readonly<Record<Role, RoleRow>> = {
  router: {
    append: [
      "dspex.work.*.*",
      "dspex.result.*.*.*",
      "dspex.event.attempt.failed",
      "dspex.event.request.*",
      "dspex.event.breaker.*",
      "dspex.event.worker.lost",
      "dspex.event.worker.found",
    ],
    follow: WHOLE_LOG,
    directGet: "everything",
    consumers: [
      { stream: "log", name: "work-router-requests" },
      { stream: "log", name: "work-router-events" },
    ],
    timers: ["retry", "breaker"],
    // Large inputs of work and large outputs of inline functions travel as references.
    values: "write",
    artifacts: "read",
    snapshots: true,
    publish: ["dspex-control.*.*"],
    subscribe: [ALL_BEATS, OPEN_REQUEST_SUBJECT],
    answers: ["gateway", "learning"],
  },
  native: poolRow("native"),
  "pool-general": poolRow("general"),
  "pool-optimizer": poolRow("optimizer"),
  "pool-neural": poolRow("neural"),
  supervisor: {
    append: ["dspex.event.worker.*"],
    publish: ["dspex-control.*.*"],
    subscribe: [ALL_BEATS],
  },
  learning: {
    ...foldRow(["dspex.event.policy.*"], ["policy", "explain"], ["policy"]),
    publish: [OPEN_REQUEST_SUBJECT],
  },
  programs: {
    ...foldRow(
      [
        "dspex.event.program.*.*",
        // A subject for each judgement of a result.
        "dspex.event.program.*.feedback.*.*.*.*",
        "dspex.event.optimization.*.*",
        ...REQUESTS_OF_USERS,
      ],
      ["program", "feedback"],
      ["program"],
    ),
    artifacts: "write",
    subscribe: ["dspex-pool.*.modules"],
    answersAccounts: true,
  },
  variables: foldRow(
    [
      "dspex.event.variable.*",
      "dspex.event.optimization.*.*",
      // The program that searches for better values.
      "dspex.event.program.dspex-tune.registered",
      ...REQUESTS_OF_USERS,
    ],
    "variable",
    ["variable"],
  ),
  sessions: {
    // Results: of what is erased the subject keeps one that says `gone`, so that no id is run again.
    ...foldRow(["dspex.event.session.*.*.*", "dspex.result.*.*.*"], "session", ["session"]),
    publish: [ERASE_SETUP_SUBJECT],
  },
  pipelines: {
    ...foldRow(["dspex.event.pipeline.*.*.*", ...REQUESTS_OF_USERS], "pipeline", ["pipeline"]),
    // Inputs of stages that are put together from many outputs may be larger than a message.
    values: "write",
    publish: [ALL_LIVE_RUNS],
  },
  telemetry: foldRow(["dspex.event.telemetry.*"], "telemetry", ["telemetry"]),
  gateway: {
    append: REQUESTS_OF_USERS,
    follow: WHOLE_LOG,
    directGet: "everything",
    values: "write",
    artifacts: "read",
    snapshots: true,
    serves: ["call", "submit", "result", "cancel", "chunks", "object.put", "object.get", "log", "observe"],
    publish: ["dspex-control.*.*", OPEN_REQUEST_SUBJECT],
    subscribe: ["dspex-tool.*.call.*", "dspex-chunk.>", "dspex-live.result.>"],
    answersAccounts: true,
  },
  operator: {
    append: [],
    follow: WHOLE_LOG,
    directGet: ["dspex.request.*.*", "dspex.work.*.*", "dspex.result.*.*.*", "dspex.event.>"],
    publish: [SETUP_INFO_SUBJECT],
    subscribe: [ALL_BEATS],
  },
  // Whoever beats needs its consumer.
  setup: { append: [], subscribe: [ALL_BEATS] },
};

/** Roles that have a snapshot bucket, in a fixed order. */
export const SNAPSHOT_ROLES: readonly Role[] = ROLES.filter((role) => ROLE_ROWS[role].snapshots === true);
/** Roles that set timers, hence have a `work-<role>-timers` consumer. */
export const TIMER_ROLES: readonly Role[] = ROLES.filter((role) => ROLE_ROWS[role].timers !== undefined);
/** Roles that may ask the keeper for followers. */
export const FOLLOWER_ROLES: readonly Role[] = ROLES.filter((role) => ROLE_ROWS[role].follow !== undefined);

/** The prefix that a connection of this role must set (`inboxPrefix`): no other role may read there. */
export function inboxPrefixOf(role: Role): string {
  return `_INBOX_${role}`;
}
