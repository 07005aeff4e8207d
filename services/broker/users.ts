// Application users of a home: added, listed and removed in its credentials, with effect at once in the server
// that runs from it, whoever started that. One change at a time.

import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  type ApplicationUser,
  type Credentials,
  ensureCredentials,
  newApplicationUser,
  readCredentials,
  writeCredentials,
} from "./credentials.ts";
import { BrokerError } from "./errors.ts";
import { runningServer } from "./home-files.ts";
import { isAlive } from "./process.ts";
import { probeUser, reloadServer } from "./reload.ts";

/** Adds a user. When this returns and a server runs, the user's first call gets through. */
export function addUser(
  home: string,
  name: string,
  options: { admin?: boolean } = {},
): Promise<ApplicationUser> {
  return change(home, async (credentials) => {
    if (credentials.users.some((user) => user.name.toLowerCase() === name.toLowerCase())) {
      throw new BrokerError("user-exists", `user ${JSON.stringify(name)} exists already`);
    }
    const user = newApplicationUser(name, options.admin === true);
    await apply(home, credentials, [...credentials.users, user], user);
    return user;
  });
}

/** Removes a user. When this returns, its connections are cut and its password is refused. */
export function removeUser(home: string, name: string): Promise<void> {
  return change(home, async (credentials) => {
    const rest = credentials.users.filter((user) => user.name !== name);
    if (rest.length === credentials.users.length) {
      throw new BrokerError("unknown-user", `there is no user ${JSON.stringify(name)}`);
    }
    await apply(home, credentials, rest);
  });
}

export function listUsers(home: string): { name: string; admin: boolean }[] {
  return readCredentials(home).users.map(({ name, admin }) => ({ name, admin }));
}

/** A change that the running server refuses is taken back. */
async function apply(
  home: string,
  before: Credentials,
  users: ApplicationUser[],
  added?: ApplicationUser,
): Promise<void> {
  writeCredentials(home, { ...before, users });
  const server = runningServer(home);
  if (server === undefined) return;
  try {
    await reloadServer(home);
    if (added !== undefined) await probeUser(home, server, added);
  } catch (error) {
    writeCredentials(home, before);
    await reloadServer(home).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function change<T>(home: string, work: (credentials: Credentials) => Promise<T>): Promise<T> {
  const credentials = ensureCredentials(home);
  const lock = join(home, "credentials.lock");
  takeLock(lock);
  try {
    return await work(readCredentials(home) ?? credentials);
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): void {
  try {
    const file = openSync(lock, "wx", 0o600);
    writeSync(file, String(process.pid));
    closeSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = Number(readFileSync(lock, "utf8"));
    if (isAlive(holder)) {
      throw new BrokerError("home-in-use", `process ${holder} is changing the users: try again`);
    }
    rmSync(lock, { force: true }); // of a process that was killed in between
    takeLock(lock);
  }
}
