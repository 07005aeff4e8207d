// Variables on a real server: what administrators and others may do, races, restarts from snapshot and log, services
// killed in the middle of commands, observers without a gap.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { isDspexError } from "../../schemas/errors.ts";
import type { VariableChange, VariableRejected } from "../../schemas/messages/variable-event.ts";
import { snapshotBucket, VARIABLE_EVENTS_FILTER, variableEventSubject } from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import type { Part } from "../../services/bus/part.ts";
import type { Dspex, VariableChanges, VariableUpdate } from "../../services/client/mod.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { LogReader } from "../../services/log/read.ts";
import { stateHash, storeSnapshot } from "../../services/log/snapshot.ts";
import { variable } from "../../services/programs/mod.ts";
import { decodeEvent } from "../../services/variables/event.ts";
import { evolve } from "../../services/variables/evolve.ts";
import { foldToJson } from "../../services/variables/fold.ts";
import { startVariables } from "../../services/variables/main.ts";
import { initialOptimizations } from "../../services/variables/optimize/state.ts";
import { initialState, type VariablesState } from "../../services/variables/state.ts";
import { runDspex } from "../cli/run-dspex.ts";
import { type Child, startChild } from "../kit/child-process.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";
import { until } from "../kit/until.ts";

// #region declare
const variables = [
  variable.float("temperature", { min: 0, max: 2, step: 0.05, default: 0.7 }),
  variable.choice("tone", { choices: ["formal", "casual"], default: "formal" }),
  variable.integer("least", { min: 0, max: 1_000_000, default: 10 }),
  variable.integer("most", {
    min: 0,
    max: 1_000_000,
    default: 50,
    constraints: [{ expression: "least <= most", message: "the least is above the most" }],
  }),
  variable.float("middle", { min: 0, max: 1_000_000, expression: "(least + most) / 2" }),
];
// #endregion
const counters = [
  variable.integer("count", { min: 0, max: 1_000_000, default: 0 }),
  variable.integer("count_double", { min: 0, max: 2_000_000, expression: "count * 2" }),
];

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const PACKAGES = fileURLToPath(new URL("../../python-pools", import.meta.url));

let system: TestSystem;
const services: Part[] = [];
let client: Dspex;
let guest: Dspex;
let reader: LogReader;

before(async () => {
  system = await startSystem({ users: [{ name: "guest" }] });
  for (const instance of [1, 2]) services.push(await start(instance));
  client = await system.client();
  guest = await system.client("guest");
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
});
after(async () => {
  await Promise.allSettled(services.map((service) => service.stop()));
  await system?.[Symbol.asyncDispose]();
});

function start(instance: number): Promise<Part> {
  return startVariables(system.settings("variables", instance), { variables: [...variables, ...counters] });
}
const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: system.nats.home });

/** The state as a fold of the whole log has it, after checking each event: none tells half of a change. */
async function foldOfLog(): Promise<VariablesState> {
  let state = initialState();
  for (let from = 1; ; ) {
    const message = await reader.next(VARIABLE_EVENTS_FILTER, from);
    if (message === null) return state;
    const event = decodeEvent(message);
    if (event !== undefined) state = evolve(state, event);
    const now = (name: string) => Number(state.variables.get(name)?.value);
    assert.equal(now("middle"), (now("least") + now("most")) / 2);
    assert.equal(now("count_double"), now("count") * 2);
    from = message.sequence + 1;
  }
}

/** Takes from an observer until `isLast`, or fails. */
async function take(
  updates: AsyncGenerator<VariableUpdate>,
  isLast: (update: VariableUpdate) => boolean,
): Promise<VariableChanges[]> {
  const taken: VariableChanges[] = [];
  for await (const update of updates) {
    if (update.verb !== "rejected") taken.push(update);
    if (isLast(update)) return taken;
  }
  throw new Error("the observer ended");
}
const valueIn = (update: VariableUpdate, name: string) =>
  update.verb === "rejected" ? undefined : update.changes.find((change) => change.name === name)?.value;

test("what the configuration declares - is there, once, whoever starts", async () => {
  const listed = await client.variables.list();
  assert.deepEqual(
    listed.map(({ name, value, version, by }) => [name, value, version, by]),
    [
      ["count", 0, 1, "config"],
      ["count_double", 0, 1, "config"],
      ["least", 10, 1, "config"],
      ["middle", 30, 1, "config"],
      ["most", 50, 1, "config"],
      ["temperature", 0.7, 1, "config"],
      ["tone", "formal", 1, "config"],
    ],
  );
  assert.deepEqual(
    (await guest.variables.list({ pattern: "*t*d*" })).map(({ name }) => name),
    ["count_double"],
  );
  const middle = await guest.variables.get("middle");
  assert.deepEqual([middle.dependsOn, middle.neededBy], [["least", "most"], []]);
  await assert.rejects(client.variables.get("nobody"), { code: "not_found", path: "name" });
  await assert.rejects(client.variables.list({ pattern: "a.b" }), {
    code: "invalid_inputs",
    path: "pattern",
  });
});

test("set, history, reset - with who, why and what it was worth", async () => {
  // #region set
  const answer = await client.variables.set(
    { temperature: 0.4, tone: "casual" },
    { reason: "shorter answers", expect: { temperature: 1 }, metric: { name: "exact", value: 0.91 } },
  );
  // #endregion
  assert.equal(answer.changed, true);
  assert.deepEqual(
    answer.changes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: "temperature", value: 0.4, version: 2 },
      { name: "tone", value: "casual", version: 2 },
    ],
  );
  assert.equal((await client.variables.set({ temperature: 0.4 })).changed, false);
  assert.equal((await client.variables.reset(["temperature"], { reason: "no better" })).changed, true);
  const history = await guest.variables.history("temperature");
  assert.deepEqual(
    history.map(({ version, verb, value, by, reason, metric }) => ({
      version,
      verb,
      value,
      by,
      reason,
      metric,
    })),
    [
      { version: 3, verb: "reset", value: 0.7, by: "local", reason: "no better", metric: undefined },
      {
        version: 2,
        verb: "changed",
        value: 0.4,
        by: "local",
        reason: "shorter answers",
        metric: { name: "exact", value: 0.91 },
      },
      { version: 1, verb: "registered", value: 0.7, by: "config", reason: undefined, metric: undefined },
    ],
  );
  assert.deepEqual((await client.variables.history("temperature", { limit: 1 }))[0]?.version, 3);
});

test("what does not fit - says where, changes nothing, and is recorded", async () => {
  const before = await client.variables.list();
  for (const [values, code, path] of [
    [{ temperature: 3 }, "invalid_inputs", "values.temperature"],
    [{ temperature: 0.4, tone: "rude" }, "invalid_inputs", "values.tone"],
    [{ least: 60 }, "invalid_inputs", "values.least"],
    [{ middle: 1 }, "invalid_inputs", "values.middle"],
    [{ nobody: 1 }, "not_found", "values.nobody"],
  ] as const) {
    await assert.rejects(client.variables.set(values), { code, path });
    const last = await reader.last(variableEventSubject("rejected"));
    assert.ok(last !== null);
    const { data } = last.json() as CloudEvent<VariableRejected>;
    assert.deepEqual([data.command, data.names, data.by], ["set", Object.keys(values), "local"]);
    assert.deepEqual([data.error.code, data.error.path], [code, path]);
  }
  await assert.rejects(client.variables.set({ tone: "formal" }, { expect: { tone: 1 } }), {
    code: "conflict",
    details: { name: "tone", version: 2 },
  });
  const cycle = [
    variable.float("a", { min: 0, max: 1, expression: "b" }),
    variable.float("b", { min: 0, max: 1, expression: "a" }),
  ];
  await assert.rejects(client.variables.register(cycle), { code: "invalid_inputs", message: /a → b → a/ });
  assert.deepEqual(await client.variables.list(), before);
});

test("what changes things for all - is refused to others, and not recorded", async () => {
  const last = (await reader.last(VARIABLE_EVENTS_FILTER))?.sequence;
  const connection = await system.nats.connectAs("guest");
  for (const verb of ["register", "set", "reset", "deprecate"]) {
    const reply = await connection.request(`dspex-api.guest.variable.${verb}`, "{}");
    assert.equal(reply.json<{ code: string }>().code, "not_allowed");
  }
  await assert.rejects(guest.variables.set({ tone: "formal" }), { code: "not_allowed" });
  assert.equal((await reader.last(VARIABLE_EVENTS_FILTER))?.sequence, last);
  const malformed = await (await system.nats.connectAs("local")).request(
    "dspex-admin.local.variable.set",
    JSON.stringify({ values: [1] }),
  );
  const error = malformed.json<{ code: string; path: string }>();
  assert.deepEqual([error.code, error.path], ["invalid_inputs", "values"]);
});

test("deprecate - keeps the value, names its successor, and hides it from the list", async () => {
  await client.variables.register([variable.boolean("old", { default: true })]);
  await assert.rejects(client.variables.deprecate("least"), {
    code: "conflict",
    details: { neededBy: ["most", "middle"] },
  });
  const answer = await client.variables.deprecate("old", { replacedBy: "tone", reason: "renamed" });
  assert.equal(answer.changed, true);
  await assert.rejects(client.variables.set({ old: false }), { code: "gone", message: /use "tone"/ });
  assert.deepEqual(await client.variables.list({ pattern: "old" }), []);
  const [old] = await client.variables.list({ pattern: "old", deprecated: true });
  assert.deepEqual([old?.status, old?.value, old?.replacedBy], ["deprecated", true, "tone"]);
});

test("a large value - is in the history as long as the log has it", async () => {
  await client.variables.register([variable.prompt("how", { default: "x".repeat(60_000) })]);
  await client.variables.set({ how: "y".repeat(60_000) });
  const [now, first] = await client.variables.history("how");
  assert.deepEqual([now?.value, first?.value], ["y".repeat(60_000), "x".repeat(60_000)]);
  assert.equal((await client.variables.get("how")).value, "y".repeat(60_000));
});

test("races - of forty setters through two services none is lost: each expects what it read", async () => {
  const clients = await Promise.all([client, system.client(), system.client(), system.client()]);
  let conflicts = 0;
  const addOne = async (one: Dspex): Promise<void> => {
    for (;;) {
      const { value, version } = await one.variables.get("count");
      try {
        await one.variables.set({ count: Number(value) + 1 }, { expect: { count: version } });
        return;
      } catch (error) {
        assert.ok(isDspexError(error) && error.code === "conflict", String(error));
        conflicts++;
      }
    }
  };
  await Promise.all(Array.from({ length: 40 }, (_, n) => addOne(clients[n % clients.length] as Dspex)));
  const [count, double] = await client.variables.list({ pattern: "count*" });
  assert.deepEqual([count?.value, count?.version, double?.value], [40, 41, 80]);
  assert.ok(conflicts > 0, "nobody raced");
  await foldOfLog();
});

test("races - of a pair that must hold together, no order of setters leaves it broken", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) =>
      n % 2 === 0 ? client.variables.set({ least: 20 + n * 3 }) : client.variables.set({ most: 40 + n * 2 }),
    ),
  );
  for (const outcome of outcomes)
    if (outcome.status === "rejected") assert.equal(outcome.reason.code, "invalid_inputs");
  const { variables: found } = await foldOfLog();
  assert.ok(Number(found.get("least")?.value) <= Number(found.get("most")?.value));
});

test("observers - see history, then what happens, by pattern, each change whole and once", async () => {
  // #region observe
  const updates = client.variables.observe("count*", { from: 1 });
  for await (const { sequence, by, ...update } of updates) {
    if (update.verb === "rejected") continue;
    for (const { name, value, version } of update.changes) note(sequence, by, name, value, version);
    if (isEnough()) break;
  }
  // #endregion
  assert.deepEqual(
    noted.filter(({ name }) => name === "count").map(({ version }) => version),
    Array.from({ length: 41 }, (_, n) => n + 1),
  );
  const live = client.variables.observe("count");
  let isThere = false;
  const first = live.next().finally(() => {
    isThere = true;
  });
  // It begins some time after it was asked for.
  for (let n = 1_000; !isThere; n++) await client.variables.set({ count: n });
  const { value } = await first;
  assert.equal(value?.verb, "changed");
  assert.deepEqual(value?.verb === "changed" && value.changes.map((change: VariableChange) => change.name), [
    "count",
  ]);
  await live.return(undefined);
});
const noted: { name: string; version: number }[] = [];
function note(_sequence: number, _by: string, name: string, _value: unknown, version: number): void {
  noted.push({ name, version });
}
function isEnough(): boolean {
  return noted.some(({ name, version }) => name === "count_double" && version === 41);
}

test("observers - of both clients go on while services come and go", async () => {
  const last = 50;
  const from = ((await reader.last(VARIABLE_EVENTS_FILTER))?.sequence ?? 0) + 1;
  const python = observedByPython(from, last);
  const typescript = take(
    (await system.client()).variables.observe("least", { from }),
    (update) => valueIn(update, "least") === last,
  );
  const given: number[] = [];
  for (let value = 1; value <= last; value++) {
    await client.variables.set({ least: value, most: 900_000 + value });
    given.push(value);
    if (value % 20 === 0) {
      await services[0]?.stop();
      services[0] = await start(1);
    }
  }
  assert.deepEqual(
    (await typescript).map((update) => valueIn(update, "least")),
    given,
  );
  assert.deepEqual(await python, given);
});

/** Values of `least` as the Python client observes them, up to `last`. */
async function observedByPython(from: number, last: number): Promise<number[]> {
  const code = `
import asyncio, json, os, dspex
async def main():
    seen = []
    async with dspex.connect() as client:
        async for update in client.variables.observe("least", from_sequence=${from}):
            seen += [change.value for change in update.changes]
            if seen[-1] == ${last}:
                break
    print(json.dumps(seen))
asyncio.run(main())`;
  const { user, password } = system.nats.login("local");
  const env = { ...process.env, NATS_URL: system.nats.url, NATS_USER: user, NATS_PASSWORD: password };
  const { stdout } = await promisify(execFile)(PYTHON, ["-c", code], {
    env,
    cwd: PACKAGES,
    timeout: 100_000,
  });
  return JSON.parse(stdout);
}

interface Replayed {
  hash: string;
  /** Whether the service's own snapshot is what the fold from the beginning has there. */
  snapshot?: { sequence: number; same: boolean };
}
async function replayed(): Promise<Replayed> {
  return (await dspex("replay", "--service", "variables", "--json")).json() as Replayed;
}
async function restartAll(): Promise<void> {
  await Promise.all(services.splice(0).map((service) => service.stop()));
  for (const instance of [1, 2]) services.push(await start(instance));
}

/** One by another evolve is newer: the service's own does not count any more. */
async function hideSnapshot(): Promise<void> {
  const connection = await system.nats.connectAs("variables");
  const appender = appenderOf(connection, { role: "variables", instance: 9 });
  const bucket = await ObjectBucket.open(connection, appender, snapshotBucket("variables"));
  await storeSnapshot(bucket, "of another evolve", 1, {});
  appender.close();
}

test("a restart - from the snapshot, and from the log alone, gives the same state", async () => {
  await client.variables.set({ tone: "formal" });
  const before = await client.variables.list({ deprecated: true });
  const last = (await reader.last(VARIABLE_EVENTS_FILTER))?.sequence;
  await until(async () => (await replayed()).snapshot?.sequence === last);
  const { hash, snapshot } = await replayed();
  assert.equal(snapshot?.same, true);
  await restartAll();
  assert.deepEqual(await client.variables.list({ deprecated: true }), before);
  assert.equal((await replayed()).hash, hash);

  await hideSnapshot();
  assert.equal((await replayed()).snapshot, undefined);
  await restartAll();
  assert.deepEqual(await client.variables.list({ deprecated: true }), before);
  const optimizations = initialOptimizations();
  assert.equal(stateHash(foldToJson({ variables: await foldOfLog(), optimizations })), hash);
  await client.variables.set({ tone: "casual" });
});

test("a service that is killed in the middle of commands - loses none that it answered, and leaves none half done", async () => {
  await Promise.all(services.map((service) => service.stop()));
  services.length = 0;
  const settings = {
    natsUrl: system.nats.url,
    password: system.nats.login("variables").password,
    instance: 3,
    variables,
  };
  const entry = new URL("../kit/variables-process.ts", import.meta.url);
  const startKilled = (): Promise<Child> => startChild("variables/3", { entry, settings });
  const from = ((await reader.last(VARIABLE_EVENTS_FILTER))?.sequence ?? 0) + 1;
  const observed = (await system.client()).variables.observe("count*", { from });
  const seen = take(observed, (update) => valueIn(update, "count") === 0);
  const answered: number[] = [];
  let asked = 0;
  for (let life = 0; life < 3; life++) {
    const child = await startKilled();
    for (let n = 0; n < 60; n++) {
      const value = 100_000 + ++asked;
      // Who is not answered is told so when the client gives up; nobody waits here for that long.
      void client.variables.set({ count: value }).then(
        () => answered.push(value),
        (error: unknown) => assert.ok(isDspexError(error) && error.code === "unavailable", String(error)),
      );
    }
    await until(() => answered.length >= life * 20 + 10);
    await child.kill9();
  }
  const child = await startKilled();
  try {
    await client.variables.reset(["count"]);
    const found = (await seen).map((update) => valueIn(update, "count"));
    assert.deepEqual(
      answered.filter((value) => !found.includes(value)),
      [],
    );
    assert.equal(new Set(found).size, found.length);
    const state = await foldOfLog();
    assert.equal(state.variables.get("count")?.value, 0);
    assert.equal((await client.variables.get("count")).version, state.variables.get("count")?.version);
  } finally {
    await child.kill9();
  }
  services.push(await start(1));
});
