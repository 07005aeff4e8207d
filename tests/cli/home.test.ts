import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { shellQuoted } from "../../services/app/cli/commands/env.ts";
import { connectBus } from "../../services/bus/connect.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { runDspex } from "./run-dspex.ts";

let nats: TestNats;
before(async () => {
  nats = await startNats();
});
after(async () => {
  await nats?.[Symbol.asyncDispose]();
});
const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: nats.home });

/** What a shell has after `eval "$(dspex env …)"`. */
function evaluated(exports: string): Record<string, string> {
  const script = `${exports}\nprintf '%s\\n' "$NATS_URL" "$NATS_USER" "$NATS_PASSWORD" "$DSPEX_INBOX_PREFIX"`;
  const [url = "", user = "", password = "", prefix = ""] = execFileSync("sh", ["-c", script], {
    encoding: "utf8",
    env: {},
  }).split("\n");
  return { url, user, password, prefix };
}

test("dspex env - exports the login of the local user, which works", async () => {
  const { exitCode, out } = await dspex("env");
  assert.equal(exitCode, 0);
  const { url, user, password } = evaluated(out);
  assert.deepEqual([url, user], [nats.url, "local"]);
  const connection = await connectBus({ url: url ?? "", user, password, name: "test", failFast: true });
  await connection.close();
});

test("dspex env --role - exports a part's login with its inbox prefix", async () => {
  const { user, prefix } = evaluated((await dspex("env", "--role", "operator")).out);
  assert.deepEqual([user, prefix], ["operator", "_INBOX_operator"]);
  const unknown = await dspex("env", "--role", "king");
  assert.equal(unknown.exitCode, 5);
  assert.match(unknown.err, /no role "king"/);
});

test("dspex env - quotes whatever a value may hold", () => {
  for (const value of ["plain", "with space", "it's", "$(rm -rf /)", "a;b&c", "new\nline", '"', "\\", ""]) {
    const shown = execFileSync("sh", ["-c", `printf '%s' ${shellQuoted(value)}`], { encoding: "utf8" });
    assert.equal(shown, value);
  }
});

test("dspex user - adds, lists and removes", async () => {
  const added = await dspex("user", "add", "alice", "--json");
  assert.equal(added.exitCode, 0, added.err);
  const { password } = added.json() as { password: string };
  const login = { url: nats.url, user: "alice", password, name: "test", failFast: true };
  const connection = await connectBus(login);
  await connection.close();
  assert.match((await dspex("user", "list")).out, /^local {2}admin\nalice\n$/);
  assert.equal((await dspex("user", "add", "alice")).exitCode, 1);
  assert.equal((await dspex("user", "remove", "alice")).exitCode, 0);
  await assert.rejects(connectBus(login), { code: "not_allowed" });
  assert.equal((await dspex("user", "remove", "alice")).exitCode, 5);
});

test("dspex doctor - finds what does not run, and says what is in force", async () => {
  const { exitCode, json } = await dspex("doctor", "--json");
  assert.equal(exitCode, 1);
  const { ok, checks } = json() as {
    ok: boolean;
    checks: { name: string; status: string; detail: string }[];
  };
  assert.equal(ok, false);
  const found = Object.fromEntries(checks.map(({ name, status }) => [name, status]));
  assert.equal(found.configuration, "ok");
  assert.equal(found.durability, "ok");
  assert.equal(found.router, "wrong");
  assert.equal(found["dspex-gateway"], "wrong");
  assert.equal(found["pool general"], "wrong");
  assert.match(checks.find(({ name }) => name === "durability")?.detail ?? "", /synced each 1000 ms/);
});

test("dspex doctor - finds credentials that others can read", async () => {
  chmodSync(join(nats.home, "credentials.json"), 0o644);
  const { out } = await dspex("doctor");
  chmodSync(join(nats.home, "credentials.json"), 0o600);
  assert.match(out, /BAD {3}home .*readable by others too \(mode 644\)/);
});

test("any command - without a home says how to start one", async () => {
  const home = join(nats.home, "nothing-here");
  const { exitCode, err } = await runDspex(["log"], { home });
  assert.equal(exitCode, 3);
  assert.match(err, /nothing was ever started from .*nothing-here: start it with "npm start"/);
});

test("any command - with a server that is not there is unreachable", async () => {
  const variables = { NATS_URL: "nats://127.0.0.1:1", NATS_USER: "local", NATS_PASSWORD: "x" };
  const { exitCode, err } = await runDspex(["call", "answer", "a=b"], { home: nats.home, variables });
  assert.equal(exitCode, 3);
  assert.match(err, /unavailable: cannot connect to NATS at nats:\/\/127\.0\.0\.1:1/);
});

test("any command - with a wrong password is refused", async () => {
  const variables = { NATS_URL: nats.url, NATS_USER: "local", NATS_PASSWORD: "wrong" };
  const { exitCode, err } = await runDspex(["result", "x"], { home: nats.home, variables });
  assert.equal(exitCode, 4);
  assert.match(err, /not_allowed: .* refused user "local"/);
});
