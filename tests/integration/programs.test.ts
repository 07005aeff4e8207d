// The registry and its API on the real server: judgements that count once, removals, what models can do.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { modelsSchema } from "../../schemas/config/models.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import type { ProgramDeclaration, ProgramFeedback } from "../../schemas/messages/program-event.ts";
import {
  feedbackOf,
  poolModulesSubject,
  programEventSubject,
  resultSubject,
} from "../../schemas/subjects.ts";
import type { Part } from "../../services/bus/part.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { freeFeatures } from "../../services/learning/outcomes/features.ts";
import { LogReader } from "../../services/log/read.ts";
import { startPrograms } from "../../services/programs/main.ts";
import { runDspex } from "../cli/run-dspex.ts";
import config from "../kit/functions.config.ts";
import { startNats } from "../kit/start-nats.ts";
import { startSystem, type TestSystem } from "../kit/start-system.ts";

const configPath = fileURLToPath(new URL("../kit/functions.config.ts", import.meta.url));
const logger = pino({ level: "silent" });
let system: TestSystem;
let second: Part;
let client: Dspex;
let reader: LogReader;

before(async () => {
  system = await startSystem({
    programs: config.declarations,
    functions: config.functions,
    configPath,
    users: [{ name: "other" }],
  });
  second = await startPrograms(system.settings("programs", 2), { declarations: config.declarations });
  client = await system.client();
  reader = await LogReader.open(await system.nats.connectAs("gateway"));
});
after(async () => {
  await second.stop();
  await system[Symbol.asyncDispose]();
});

/** What the log has of judgements of one result, by their subjects alone. */
async function judgementsOf(program: string, id: string): Promise<ProgramFeedback[]> {
  const found: ProgramFeedback[] = [];
  let from = 1;
  for (;;) {
    const message = await reader.next(feedbackOf(program, id), from);
    if (message === null) return found;
    found.push((message.json() as CloudEvent<ProgramFeedback>).data);
    from = message.sequence + 1;
  }
}

async function answered(program: string, inputs: Record<string, unknown>, options = {}) {
  const run = await client.program(program).submit(inputs, options);
  await run.result();
  return run;
}

test("feedback - the first judgement counts, the same and another one later change nothing", async () => {
  const run = await answered("echo", { text: "x" });
  assert.equal(await run.feedback(1, "right"), true);
  assert.equal(await run.feedback(1, "right"), false);
  assert.equal(await run.feedback(0, "wrong, come to think of it"), false);
  assert.deepEqual(
    (await judgementsOf("echo", run.id)).map(({ score, comment }) => [score, comment]),
    [[1, "right"]],
  );
});

test("feedback - each metric and each key has a judgement of its own", async () => {
  const run = await answered("echo", { text: "x" });
  const given = [
    {},
    { metric: "exact" },
    { metric: "tone" },
    { key: "anna" },
    { metric: "exact", key: "anna", comment: "she says" },
  ];
  for (const judgement of given) assert.equal(await run.feedback(0.5, judgement), true);
  for (const judgement of given) assert.equal(await run.feedback(0.25, judgement), false);
  const recorded = await judgementsOf("echo", run.id);
  assert.deepEqual(
    recorded.map(({ metric, key, comment }) => ({
      ...(metric !== undefined && { metric }),
      ...(key !== undefined && { key }),
      ...(comment !== undefined && { comment }),
    })),
    given,
  );
});

test("feedback - of forty at once, through two services, one counts", async () => {
  const run = await answered("echo", { text: "raced" });
  const clients = await Promise.all([client, system.client(), system.client(), system.client()]);
  const counted = await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      (clients[n % clients.length] as Dspex).feedback(run.id, (n % 10) / 10, { key: "race" }),
    ),
  );
  assert.equal(counted.filter(Boolean).length, 1);
  const recorded = await judgementsOf("echo", run.id);
  assert.equal(recorded.length, 1);
  assert.equal(recorded[0]?.score, (counted.indexOf(true) % 10) / 10);
});

test("feedback - tells what ran; with its place only where chance had chosen it and it succeeded", async () => {
  const run = await answered("echo", { text: "x" });
  const { version, decision } = await run.result();
  const named = await answered("echo", { text: "x" }, { implementation: "native" });
  const failed = await answered("throws", { text: "x" });
  for (const one of [run, named, failed]) await one.feedback(0.5);
  const [free] = await judgementsOf("echo", run.id);
  const expected = freeFeatures(decision?.features ?? {});
  assert.deepEqual(free, {
    id: run.id,
    score: 0.5,
    user: "local",
    program: "echo",
    version,
    implementation: "native",
    ...(expected !== undefined && { place: expected.place }),
  });
  assert.equal((await judgementsOf("echo", named.id))[0]?.place, undefined);
  const [ofFailure] = await judgementsOf("throws", failed.id);
  assert.deepEqual([ofFailure?.program, ofFailure?.place], ["throws", undefined]);
});

test("feedback - on a request that is not finished is not found; once it is, it counts", async () => {
  const run = await client.program("slow").submit({ ms: 300 });
  await assert.rejects(run.feedback(1), { code: "not_found" });
  await run.result();
  assert.equal(await run.feedback(1), true);
});

test("feedback - on another user's request is not found", async () => {
  const run = await answered("echo", { text: "x" }, { id: "judged-by-nobody" });
  const other = await system.client("other");
  await assert.rejects(other.feedback("judged-by-nobody", 1), { code: "not_found" });
  assert.deepEqual(await judgementsOf("echo", run.id), []);
});

const declaration: ProgramDeclaration = {
  name: "passing",
  signature: "text: str -> echo: str",
  implementations: [{ name: "predict", kind: "dspy", pool: "general", module: "Predict" }],
};

test("remove - the program is gone for everybody, and may be registered again", async () => {
  const { version } = await client.register(declaration);
  await client.remove("passing", "nobody calls it");
  const last = await reader.last(programEventSubject("passing", "*"));
  assert.ok(last?.subject === programEventSubject("passing", "removed"));
  assert.deepEqual((last.json() as CloudEvent<unknown>).data, {
    name: "passing",
    by: "local",
    reason: "nobody calls it",
  });
  assert.ok(!(await client.programs()).some(({ name }) => name === "passing"));
  await assert.rejects(client.describe("passing"), { code: "unknown_program" });
  await assert.rejects(client.program("passing")({ text: "x" }), { code: "unknown_program" });
  await assert.rejects(client.remove("passing"), { code: "unknown_program" });
  // Whichever of the two services is asked, it has seen the removal.
  const { created } = await client.register(declaration);
  assert.equal(created, true);
  assert.equal((await client.describe("passing")).version, version);
});

test("remove - twenty at once remove it once", async () => {
  await client.register(declaration);
  const removals = await Promise.allSettled(Array.from({ length: 20 }, () => client.remove("passing")));
  const codes = removals.map((one) => (one.status === "fulfilled" ? "removed" : one.reason.code));
  assert.equal(codes.filter((code) => code === "removed").length, 1, codes.join());
  assert.ok(
    codes.every((code) => ["removed", "unknown_program"].includes(code)),
    codes.join(),
  );
});

test("remove - registering at the same time has one outcome, the same for both services", async () => {
  for (let round = 0; round < 10; round++) {
    await client.register(declaration);
    const [removed, registered] = await Promise.allSettled([
      client.remove("passing"),
      client.register(declaration),
    ]);
    assert.equal(removed.status, "fulfilled");
    assert.ok(registered.status === "fulfilled");
    const last = await reader.last(programEventSubject("passing", "*"));
    // Registered first, it changed nothing and is removed now; registered last, it is there again.
    const expected = registered.value.created ? "registered" : "removed";
    assert.equal(last?.subject, programEventSubject("passing", expected));
  }
});

test("remove - needs the right, a name, and a program of that name", async () => {
  const other = await system.nats.connectAs("other");
  const refused = await other.request("dspex-api.other.program.remove", '{"name":"echo"}', {
    timeout: 20_000,
  });
  assert.equal(refused.json<{ code: string }>().code, "not_allowed");
  await assert.rejects((await system.client("other")).remove("echo"), { code: "not_allowed" });
  await assert.rejects(client.remove("never-was"), { code: "unknown_program" });
  await assert.rejects(client.remove("a.b"), { code: "invalid_inputs" });
  const admin = await system.nats.connectAs("local");
  for (const body of ["{}", '{"name":"a.b"}', '{"name":"echo","why":"x"}', '{"name":"echo","reason":5}']) {
    const answer = await admin.request("dspex-admin.local.program.remove", body, { timeout: 20_000 });
    assert.equal(answer.json<{ code: string }>().code, "invalid_inputs", body);
  }
  assert.equal((await client.describe("echo")).name, "echo");
});

test("dspex program remove - removes it, and says so", async () => {
  await client.register(declaration);
  const { user, password } = system.nats.login("local");
  const variables = { NATS_URL: system.nats.url, NATS_USER: user, NATS_PASSWORD: password };
  const dspex = (...line: string[]) => runDspex(line, { home: system.nats.home, variables });
  const removed = await dspex("program", "remove", "passing", "--reason", "tidying up");
  assert.deepEqual([removed.exitCode, removed.out], [0, "removed passing\n"]);
  const again = await dspex("program", "remove", "passing");
  assert.equal(again.exitCode, 5);
  assert.match(again.err, /no program "passing" is registered/);
  await client.register(declaration);
  assert.deepEqual((await dspex("program", "remove", "passing", "--json")).json(), {
    name: "passing",
    removed: true,
  });
});

test("dspex feedback - says whether it counts", async () => {
  const run = await answered("echo", { text: "x" });
  const { user, password } = system.nats.login("local");
  const variables = { NATS_URL: system.nats.url, NATS_USER: user, NATS_PASSWORD: password };
  const judge = (...line: string[]) =>
    runDspex(["feedback", run.id, ...line], { home: system.nats.home, variables });
  assert.equal((await judge("1", "right")).out, `noted 1 for ${run.id}\n`);
  assert.equal((await judge("0")).out, `unchanged: ${run.id} was judged before\n`);
  const more = await judge("0.5", "--metric", "tone", "--key", "anna", "--json");
  assert.deepEqual(more.json(), { id: run.id, score: 0.5, duplicate: false });
  assert.deepEqual(
    (await judgementsOf("echo", run.id)).map(({ score, metric, key }) => [score, metric, key]),
    [
      [1, undefined, undefined],
      [0.5, "tone", "anna"],
    ],
  );
});

test("models - what they can do is registered with the programs, however those are declared", async () => {
  await using nats = await startNats();
  const settings = {
    natsUrl: nats.url,
    role: "programs",
    password: nats.login("programs").password,
    instance: 1,
    logger,
  };
  const models = (contextTokens: number) =>
    modelsSchema.parse({
      default: "m",
      models: { m: { model: "m", contextTokens, capabilities: { logprobs: true } } },
    });
  const configured: ProgramDeclaration = {
    name: "configured",
    signature: "text: str -> good: bool",
    implementations: [
      { name: "likely", kind: "choice" },
      { name: "words", kind: "native" },
    ],
  };
  const able = { structuredOutput: false, tools: false, vision: false, logprobs: true };
  const capabilitiesOf = async (own: Dspex, name: string) =>
    (await own.describe(name)).implementations.map(({ capabilities }) => capabilities);
  const start = (contextTokens: number) =>
    startPrograms(settings, { declarations: [configured], models: models(contextTokens) });

  const { password } = nats.login("local");
  const own = await connect({ url: nats.url, user: "local", password, failFast: true });
  let programs = await start(2_048);
  try {
    const known = { ...able, contextTokens: 2_048 };
    assert.deepEqual(await capabilitiesOf(own, "configured"), [known, { deterministic: true }]);
    const first = await own.register(declaration);
    assert.deepEqual(await capabilitiesOf(own, "passing"), [known]);
    assert.deepEqual(await own.register(declaration), { ...first, created: false });
    const pool = await nats.connectAs("pool-general");
    const module = { name: "mine", signature: "text: str -> echo: str", model: "m" };
    const announce = async () =>
      (
        await pool.request(
          poolModulesSubject("general"),
          JSON.stringify({ modules: [module, { ...module, name: "plain", model: undefined }] }),
          { timeout: 20_000 },
        )
      ).json<{ modules: { created: boolean }[] }>().modules;
    assert.deepEqual(
      (await announce()).map(({ created }) => created),
      [true, true],
    );
    assert.deepEqual(
      (await announce()).map(({ created }) => created),
      [false, false],
    );
    assert.deepEqual(await capabilitiesOf(own, "mine"), [known]);
    assert.deepEqual(await capabilitiesOf(own, "plain"), [undefined]);

    await programs.stop();
    programs = await start(4_096);
    const versions = await own.describe("configured");
    assert.equal(versions.implementations[0]?.capabilities?.contextTokens, 4_096);
    const later = await own.register(declaration);
    assert.equal(later.created, true);
    assert.notEqual(later.version, first.version);
  } finally {
    await own.close();
    await programs.stop();
  }
});

test("a result - is where a judgement looks for its program", async () => {
  const run = await answered("echo", { text: "x" }, { id: "looked-up" });
  assert.equal((await reader.last(resultSubject(run.id)))?.subject, resultSubject(run.id));
  assert.equal(await client.feedback("looked-up", 1), true);
  assert.equal((await judgementsOf("echo", run.id)).length, 1);
});
