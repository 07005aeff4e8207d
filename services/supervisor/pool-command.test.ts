import assert from "node:assert/strict";
import { test } from "node:test";
import { supervisorConfigSchema } from "./config.ts";
import { outputLevel } from "./output-level.ts";
import { poolCommand } from "./pool-command.ts";

const config = supervisorConfigSchema.parse({
  pools: [{ pool: "general", slots: 3, modules: ["/app/modules"] }],
  python: "/venv/bin/python",
  packages: "/packages",
  logFolder: "/logs",
  environment: { PYTHONPATH: "/own", KEY: "k" },
  logins: { general: { user: "pool-general", password: "p" } },
});

test("a worker's command - has its pool, slots, name and modules, and its pool's login", () => {
  const command = poolCommand(config, "nats://127.0.0.1:4222", "general", "0", "run-1");
  assert.equal(
    [command.executable, ...command.arguments].join(" "),
    "/venv/bin/python -m dspex_pool --pool general --slots 3 --worker 0 --modules /app/modules",
  );
  assert.deepEqual(command.environment, {
    PYTHONPATH: "/packages:/own",
    PYTHONUNBUFFERED: "1",
    KEY: "k",
    NATS_URL: "nats://127.0.0.1:4222",
    NATS_USER: "pool-general",
    NATS_PASSWORD: "p",
    DSPEX_INCARNATION: "run-1",
    DSPEX_SUPERVISOR_FD: "3",
  });
});

test("a spare's command - has no name", () => {
  const { arguments: words } = poolCommand(config, "nats://x", "general", undefined, "run-2");
  assert.ok(words.includes("--spare"));
  assert.ok(!words.includes("--worker"));
});

for (const [line, level, message] of [
  ['{"level":"warning","message":"slow"}', "warn", "slow"],
  ['{"level":"error","msg":"broken"}', "error", "broken"],
  ['{"level":"info","message":"fine"}', undefined, undefined],
  ["Traceback (most recent call last):", undefined, undefined],
  ["{torn", undefined, undefined],
] as const) {
  test(`a line of output - ${line} is ${level === undefined ? "for the file alone" : `a ${level}`}`, () => {
    assert.deepEqual(outputLevel(line), level === undefined ? undefined : { level, message });
  });
}
