import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CROSSINGS } from "./accounts.ts";
import type { Credentials } from "./credentials.ts";
import { natsConfig } from "./nats-config.ts";
import { isWithin } from "./patterns.ts";
import { ISOLATED_ROLES, ROLES, type Role } from "./roles.ts";

const login = (user: string) => ({ user, password: `of ${user} "quoted" $HOME` });
const credentials: Credentials = {
  system: login("dspex-system"),
  parts: Object.fromEntries(ROLES.map((role) => [role, login(role)])) as Record<
    Role,
    ReturnType<typeof login>
  >,
  users: [
    { name: "alice", password: "a", admin: false },
    { name: "root", password: "r", admin: true },
  ],
};

interface Rule {
  service?: string | { account: string; subject: string };
  stream?: string | { account: string; subject: string };
  account_token_position?: number;
  response_threshold?: string;
  accounts?: string[];
}
interface Account {
  jetstream?: string;
  users: { user: string; password: string; permissions?: object }[];
  exports?: Rule[];
  imports?: Rule[];
}
interface Config {
  port: number;
  http?: string;
  max_payload: number;
  no_auth_user?: string;
  jetstream: { sync_interval: string };
  accounts: Record<string, Account>;
}

const configOf = (settings: Partial<Parameters<typeof natsConfig>[0]> = {}): Config =>
  JSON.parse(natsConfig({ host: "127.0.0.1", port: 4222, storeDir: "/store", ...settings }, credentials));

test("settings - ports, durability and sizes", () => {
  const config = configOf({ port: 0, monitorPort: 0, syncInterval: "always" });
  assert.equal(config.port, -1);
  assert.equal(config.http, "127.0.0.1:-1");
  assert.equal(config.jetstream.sync_interval, "always");
  assert.equal(configOf().jetstream.sync_interval, "1s");
  assert.equal(configOf().http, undefined);
  assert.equal(config.max_payload, 1_048_576);
  assert.equal(config.no_auth_user, undefined);
});

test("the same input - the same bytes", () => {
  const settings = { host: "127.0.0.1", port: 1, storeDir: "/s" };
  assert.equal(natsConfig(settings, credentials), natsConfig(settings, credentials));
});

describe("accounts", () => {
  const { accounts } = configOf();
  const dspex = accounts.DSPEX as Account;

  test("JetStream - in DSPEX alone", () => {
    const enabled = Object.entries(accounts).filter(([, account]) => account.jetstream !== undefined);
    assert.deepEqual(
      enabled.map(([name]) => name),
      ["DSPEX"],
    );
  });

  test("parts - all with permissions, isolated ones outside DSPEX", () => {
    const names = dspex.users.map(({ user }) => user).sort();
    const isolated = ISOLATED_ROLES as readonly Role[];
    assert.deepEqual(names, ROLES.filter((role) => !isolated.includes(role)).sort());
    assert.ok(dspex.users.every(({ permissions }) => permissions !== undefined));
  });

  test("users - import their own subjects, administration only with that right", () => {
    for (const name of ["alice", "root"]) {
      const imports = (accounts[name] as Account).imports ?? [];
      const subjects = imports.map(subjectOf);
      const foreign = subjects.filter(
        (subject) => !subject.split(".").includes(name) && !subject.startsWith("$SRV."),
      );
      assert.deepEqual(foreign, []);
      const admin = subjects.filter((subject) => subject.startsWith("dspex-admin.")).length > 0;
      assert.equal(admin, name === "root");
    }
  });

  test("every export that names a user - has the server check the token", () => {
    for (const { pattern } of CROSSINGS) {
      const rule = dspex.exports?.find((each) => subjectOf(each) === pattern.replace("<user>", "*")) as Rule;
      const position = pattern.split(".").indexOf("<user>") + 1;
      assert.equal(rule.account_token_position ?? 0, position, pattern);
    }
  });

  test("every import - fits exactly one export, because of several the server takes any", () => {
    for (const [name, { imports = [] }] of Object.entries(accounts)) {
      for (const rule of imports) {
        const kind = rule.service === undefined ? "stream" : "service";
        const { account, subject } = rule[kind] as { account: string; subject: string };
        const exported = (accounts[account]?.exports ?? [])
          .filter((each) => each[kind] !== undefined)
          .map(subjectOf);
        const fitting = exported.includes(subject)
          ? exported.filter((pattern) => pattern === subject)
          : exported.filter((pattern) => isWithin(subject, pattern));
        assert.equal(fitting.length, 1, `${name} imports ${subject}: ${fitting.join(" ")}`);
      }
    }
  });

  test("no two imports of an account - answer the same request twice", () => {
    for (const [name, { imports = [] }] of Object.entries(accounts)) {
      const services = imports.filter((rule) => rule.service !== undefined).map(subjectOf);
      for (const subject of services) {
        const covering = services.filter((other) => other !== subject && isWithin(subject, other));
        assert.deepEqual(covering, [], `${name}: ${subject}`);
      }
    }
  });

  test("exports without a user's token - are for named accounts or for discovery", () => {
    for (const rule of dspex.exports ?? []) {
      if (rule.account_token_position !== undefined || subjectOf(rule).startsWith("$SRV.")) continue;
      assert.ok((rule.accounts?.length ?? 0) > 0, subjectOf(rule));
      for (const account of rule.accounts ?? []) assert.match(account, /^DSPEX_/);
    }
  });
});

function subjectOf(rule: Rule): string {
  const target = rule.service ?? rule.stream ?? "";
  return typeof target === "string" ? target : target.subject;
}
