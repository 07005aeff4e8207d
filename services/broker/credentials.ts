// The passwords of the broker's users, in one file of the home folder that its owner alone can read. Made at
// random the first time; parts that a later version adds get theirs when the file is next opened.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { isToken, RESERVED_TOKENS } from "../../schemas/subjects.ts";
import { BrokerError } from "./errors.ts";
import { isRole, ROLES, type Role } from "./roles.ts";

export interface Login {
  user: string;
  password: string;
}
export interface ApplicationUser {
  /** Its token in subjects and ids, and the name of its account. */
  name: string;
  password: string;
  /** May change what concerns all users (`dspex-admin`). */
  admin: boolean;
}
export interface Credentials {
  /** Of the server's system account: reload, statistics. */
  system: Login;
  parts: Record<Role, Login>;
  users: ApplicationUser[];
}

/** The application user that every home has from the start. */
export const LOCAL_USER = "local";

const login = z.object({ user: z.string(), password: z.string() });
const fileSchema = z.object({
  system: login,
  parts: z.record(z.string(), login),
  users: z.array(z.object({ name: z.string(), password: z.string(), admin: z.boolean() })),
});

export function credentialsFile(home: string): string {
  return join(home, "credentials.json");
}

/** A part logs in under its role's name, which no user may take: login names are unique in the whole server. */
const loginOf = (name: string): Login => ({ user: name, password: newPassword() });

function newPassword(): string {
  return randomBytes(24).toString("base64url");
}

export function newApplicationUser(name: string, admin: boolean): ApplicationUser {
  checkUserName(name);
  return { name, password: newPassword(), admin };
}

/** A user's name is a token in subjects and the name of an account: refuses what has a meaning there already. */
export function checkUserName(name: string): void {
  const refuse = (why: string) => {
    throw new BrokerError("invalid-user-name", `user name ${JSON.stringify(name.slice(0, 80))} ${why}`);
  };
  if (!isToken(name)) refuse("is not a token [A-Za-z0-9_-]{1,64}");
  if (RESERVED_TOKENS.has(name)) refuse("is reserved in ids");
  if (isRole(name)) refuse("is the name of a role");
  if (/^dspex|^sys$/i.test(name)) refuse("is reserved for the system");
}

/** Throws `no-credentials` when the home has none yet. */
export function readCredentials(home: string): Credentials {
  const credentials = readFile(home);
  if (credentials === undefined) {
    throw new BrokerError("no-credentials", `no credentials in ${JSON.stringify(home)}: start it once first`);
  }
  return complete(credentials).credentials;
}

/** Reads the home's credentials; makes the home, the user `local` and every part's password where they are missing. */
export function ensureCredentials(home: string): Credentials {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const { credentials, changed } = complete(
    readFile(home) ?? {
      system: loginOf("dspex-system"),
      parts: {},
      users: [newApplicationUser(LOCAL_USER, true)],
    },
  );
  if (changed) writeCredentials(home, credentials);
  return credentials;
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeCredentials(home: string, credentials: Credentials): void {
  writePrivateFile(credentialsFile(home), `${JSON.stringify(credentials, null, 2)}\n`);
}

export function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readFile(home: string): z.infer<typeof fileSchema> | undefined {
  let text: string;
  try {
    text = readFileSync(credentialsFile(home), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = fileSchema.safeParse(jsonOrUndefined(text));
  if (!parsed.success) {
    throw new BrokerError(
      "broken-credentials",
      `${credentialsFile(home)} is not a credentials file: ${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says what is wrong
  }
}

function complete(read: z.infer<typeof fileSchema>): { credentials: Credentials; changed: boolean } {
  let changed = Object.keys(read.parts).length === 0;
  const parts = Object.fromEntries(
    ROLES.map((role) => {
      const known = read.parts[role];
      if (known === undefined) changed = true;
      return [role, known ?? loginOf(role)];
    }),
  ) as Record<Role, Login>;
  return { credentials: { system: read.system, parts, users: read.users }, changed };
}
