// The accounts of the broker: SYS for the server itself, DSPEX for the parts, one for each isolated role (pools, which
// run code that users wrote, and the operator), and one for each application user, which reaches its own subjects
// only. The server enforces the user's token by its position in each export, so no user can import another's
// subjects, and replies of one account never reach another's.
//
//   user account ──dspex.request.<user>.* …──▶ DSPEX (log, services) ◀──work, results, acks …── pool account

import { ALL_BEATS, LOG_STREAM } from "../../schemas/subjects.ts";
import { API_WORDS, type ApiWord, apiWord } from "./api-words.ts";
import type { ApplicationUser, Credentials, Login } from "./credentials.ts";
import { permissionsOf, SERVER_CONFIGURATION_SUBJECT } from "./permissions.ts";
import {
  ISOLATED_ROLES,
  inboxPrefixOf,
  POOLS,
  type Pool,
  ROLE_ROWS,
  ROLES,
  type Role,
  roleOfPool,
} from "./roles.ts";

export const PARTS_ACCOUNT = "DSPEX";
export const SYSTEM_ACCOUNT = "SYS";

/** The account that a role logs in to: isolated roles have their own. */
export function accountOf(role: Role): string {
  const isolated = (ISOLATED_ROLES as readonly Role[]).includes(role);
  return isolated ? `${PARTS_ACCOUNT}_${role.toUpperCase().replaceAll("-", "_")}` : PARTS_ACCOUNT;
}

/** `pattern` with `<user>` where the account's name must stand. */
interface Crossing {
  kind: "service" | "stream";
  pattern: string;
  responseType?: "singleton" | "stream";
  responseThreshold?: string;
  adminOnly?: boolean;
}

const words = Object.keys(API_WORDS) as ApiWord[];

function apiCrossings(prefix: "dspex-api" | "dspex-admin"): Crossing[] {
  const admin = prefix === "dspex-admin";
  return words
    .filter((word) => !admin || apiWord(word).admin === true)
    .flatMap((word) => {
      const { subjects, answers, responseThreshold } = apiWord(word);
      return subjects.map(
        (rest): Crossing => ({
          kind: "service",
          pattern: `${prefix}.<user>.${rest}`,
          responseType: answers === "once" ? "singleton" : "stream",
          responseThreshold,
          ...(admin && { adminOnly: true }),
        }),
      );
    });
}

/** Who serves answers within seconds or not at all. */
const discovery = (subject: string, adminOnly = false): Crossing[] =>
  [subject, `${subject}.>`].map((pattern) => ({
    kind: "service",
    pattern,
    responseType: "stream",
    responseThreshold: "30s",
    ...(adminOnly && { adminOnly }),
  }));

/** Everything that goes between an application user's account and DSPEX. */
export const CROSSINGS: readonly Crossing[] = [
  { kind: "service", pattern: "dspex.request.<user>.*" },
  { kind: "service", pattern: `$JS.API.DIRECT.GET.${LOG_STREAM}.dspex.result.<user>.>` },
  ...apiCrossings("dspex-api"),
  ...apiCrossings("dspex-admin"),
  ...discovery("$SRV.PING"),
  ...discovery("$SRV.INFO"),
  // Statistics carry the text of the last error, whoever caused it.
  ...discovery("$SRV.STATS", true),
  { kind: "stream", pattern: "dspex-live.result.<user>.>" },
];

/** Chunks come straight from the pools' accounts: what one account sends another is not passed on to a third. */
const CHUNKS: Crossing = { kind: "stream", pattern: "dspex-chunk.<user>.>" };

/** The same for beats, which the operator's `doctor` listens to. */
const beatsOf = (pool: Pool): Crossing => ({ kind: "stream", pattern: `dspex-beat.${pool}.*` });

const exported = ({ pattern }: Crossing): string => pattern.replace("<user>", "*");

function exportOf(crossing: Crossing): Record<string, unknown> {
  const position = crossing.pattern.split(".").indexOf("<user>") + 1;
  return {
    [crossing.kind]: exported(crossing),
    ...(position > 0 && { account_token_position: position }),
    ...(crossing.responseType !== undefined && { response_type: crossing.responseType }),
    ...(crossing.responseThreshold !== undefined && { response_threshold: crossing.responseThreshold }),
  };
}

function importOf(crossing: Crossing, user: string, account = PARTS_ACCOUNT): Record<string, unknown> {
  return { [crossing.kind]: { account, subject: crossing.pattern.replace("<user>", user) } };
}

/** Imports of one isolated role's account: exactly what its permissions list, with how each is answered. */
function isolatedCrossings(role: Role): Crossing[] {
  const { publish, subscribe } = permissionsOf(role);
  const inbox = `${inboxPrefixOf(role)}.>`;
  return [
    ...publish.map((pattern): Crossing => ({ kind: "service", pattern, ...answersTo(pattern) })),
    ...subscribe
      .filter((pattern) => pattern !== inbox && pattern !== ALL_BEATS)
      .map((pattern): Crossing => ({ kind: "stream", pattern })),
  ];
}

function answersTo(pattern: string): Partial<Crossing> {
  // A pull is answered by several messages, with heartbeats in between.
  if (pattern.startsWith("$JS.API.CONSUMER.MSG.NEXT."))
    return { responseType: "stream", responseThreshold: "1m" };
  if (pattern.startsWith("$JS.API.DIRECT.GET.")) return { responseType: "stream", responseThreshold: "30s" };
  if (pattern.startsWith("dspex-tool.")) return { responseThreshold: "2h" };
  return {};
}

/**
 * Exports for isolated roles name the accounts that may import them; those of several are one export. None may cover
 * what a user imports: of several exports that fit the server takes any.
 */
function isolatedExports(): Record<string, unknown>[] {
  const crossings = new Map<string, { crossing: Crossing; accounts: string[] }>();
  for (const role of ISOLATED_ROLES) {
    for (const crossing of isolatedCrossings(role)) {
      if (CROSSINGS.some(({ pattern }) => pattern === crossing.pattern)) continue; // open to every account
      const known = crossings.get(crossing.pattern) ?? { crossing, accounts: [] };
      crossings.set(crossing.pattern, { crossing, accounts: [...known.accounts, accountOf(role)] });
    }
  }
  return [...crossings.values()].map(({ crossing, accounts }) => ({ ...exportOf(crossing), accounts }));
}

function isolatedAccount(role: Role, login: Login): Record<string, unknown> {
  const { pool, subscribe = [] } = ROLE_ROWS[role];
  const beats = subscribe.includes(ALL_BEATS) ? POOLS : [];
  return {
    users: [partUser(role, login)],
    ...(pool !== undefined && {
      exports: [exportOf(CHUNKS), { ...exportOf(beatsOf(pool)), accounts: [accountOf("operator")] }],
    }),
    imports: [
      ...isolatedCrossings(role).map((crossing) => importOf(crossing, "")),
      ...beats.map((from) => importOf(beatsOf(from), "", accountOf(roleOfPool(from)))),
    ],
  };
}

function partUser(role: Role, { user, password }: Login): Record<string, unknown> {
  const { publish, subscribe } = permissionsOf(role);
  return { user, password, permissions: { publish: { allow: publish }, subscribe: { allow: subscribe } } };
}

function partsAccount(parts: Credentials["parts"]): Record<string, unknown> {
  return {
    jetstream: "enabled",
    users: ROLES.filter((role) => accountOf(role) === PARTS_ACCOUNT).map((role) =>
      partUser(role, parts[role]),
    ),
    exports: [...CROSSINGS.map(exportOf), ...isolatedExports()],
    imports: [
      {
        service: { account: SYSTEM_ACCOUNT, subject: "$SYS.REQ.SERVER.PING.JSZ" },
        to: SERVER_CONFIGURATION_SUBJECT,
      },
    ],
  };
}

function userAccount({ name, password, admin }: ApplicationUser): Record<string, unknown> {
  return {
    users: [{ user: name, password }],
    imports: [
      ...CROSSINGS.filter((crossing) => admin || crossing.adminOnly !== true).map((crossing) =>
        importOf(crossing, name),
      ),
      ...POOLS.map((pool) => importOf(CHUNKS, name, accountOf(roleOfPool(pool)))),
    ],
  };
}

export function accountsOf(credentials: Credentials): Record<string, unknown> {
  const { system, parts, users } = credentials;
  return {
    [SYSTEM_ACCOUNT]: {
      users: [{ user: system.user, password: system.password }],
      exports: [{ service: "$SYS.REQ.SERVER.PING.JSZ", accounts: [PARTS_ACCOUNT], response_type: "stream" }],
    },
    [PARTS_ACCOUNT]: partsAccount(parts),
    ...Object.fromEntries(
      ISOLATED_ROLES.map((role) => [accountOf(role), isolatedAccount(role, parts[role])]),
    ),
    ...Object.fromEntries(users.map((user) => [user.name, userAccount(user)])),
  };
}
