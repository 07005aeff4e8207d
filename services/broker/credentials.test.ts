import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { credentialsFile, ensureCredentials, readCredentials, writeCredentials } from "./credentials.ts";
import type { BrokerError } from "./errors.ts";
import { ROLES } from "./roles.ts";
import { addUser, listUsers, removeUser } from "./users.ts";

const folder = mkdtempSync(join(tmpdir(), "dspex-credentials-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;
const newHome = () => join(folder, `home-${homes++}`);
const kind = (expected: string) => (error: unknown) => (error as BrokerError).kind === expected;

test("a new home - every part and the user local get a password of their own", () => {
  const home = newHome();
  const { system, parts, users } = ensureCredentials(home);
  const passwords = [system, ...ROLES.map((role) => parts[role]), ...users].map(({ password }) => password);
  assert.equal(new Set(passwords).size, ROLES.length + 2);
  assert.ok(passwords.every((password) => password.length >= 32));
  assert.deepEqual(listUsers(home), [{ name: "local", admin: true }]);
  assert.equal(statSync(credentialsFile(home)).mode & 0o777, 0o600);
  assert.equal(statSync(home).mode & 0o777, 0o700);
});

test("a known home - keeps its passwords", () => {
  const home = newHome();
  assert.deepEqual(ensureCredentials(home), ensureCredentials(home));
  assert.deepEqual(readCredentials(home), ensureCredentials(home));
});

test("a part that is new - gets a password, the others keep theirs", () => {
  const home = newHome();
  const before = ensureCredentials(home);
  const { telemetry, ...older } = before.parts;
  writeCredentials(home, { ...before, parts: older as typeof before.parts });
  const after = ensureCredentials(home);
  assert.notEqual(after.parts.telemetry.password, telemetry.password);
  assert.deepEqual(after.parts.router, before.parts.router);
  assert.deepEqual(readCredentials(home), after);
});

test("no home - says so; a broken file - is quoted and left alone", () => {
  assert.throws(() => readCredentials(newHome()), kind("no-credentials"));
  const home = newHome();
  ensureCredentials(home);
  writeFileSync(credentialsFile(home), '{"parts": 1}');
  assert.throws(() => ensureCredentials(home), kind("broken-credentials"));
  assert.equal(readFileSync(credentialsFile(home), "utf8"), '{"parts": 1}');
  writeFileSync(credentialsFile(home), "{");
  assert.throws(() => ensureCredentials(home), kind("broken-credentials"));
});

test("users without a running server - are added and removed for the next start", async () => {
  const home = newHome();
  await addUser(home, "alice");
  assert.deepEqual(listUsers(home), [
    { name: "local", admin: true },
    { name: "alice", admin: false },
  ]);
  await assert.rejects(addUser(home, "Alice"), kind("user-exists"));
  await removeUser(home, "alice");
  assert.deepEqual(listUsers(home), [{ name: "local", admin: true }]);
});

test("two changes at once - the second is refused while the first runs, a dead one's lock does not count", async () => {
  const home = newHome();
  ensureCredentials(home);
  writeFileSync(join(home, "credentials.lock"), String(process.pid));
  await assert.rejects(addUser(home, "alice"), kind("home-in-use"));
  writeFileSync(join(home, "credentials.lock"), "2147483646");
  await addUser(home, "alice");
});
