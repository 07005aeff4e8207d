// The learning service on a real server: what it publishes follows from the log alone, whatever becomes of its processes
// and their snapshots.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pino } from "pino";
import type { DspexError } from "../../schemas/errors.ts";
import type { PolicyDrift, PolicyUpdated } from "../../schemas/messages/policy-event.ts";
import { kindFilter, snapshotBucket } from "../../schemas/subjects.ts";
import { type Appender, appenderOf } from "../../services/bus/append.ts";
import { Api } from "../../services/client/api.ts";
import { applyMessage } from "../../services/learning/fold/apply.ts";
import { initialState } from "../../services/learning/fold/state.ts";
import { startLearning } from "../../services/learning/main.ts";
import { LogReader } from "../../services/log/read.ts";
import { type Child, startChild } from "../kit/child-process.ts";
import { LearningLog, type WrittenMessage } from "../kit/learning-log.ts";
import type { LearningProcessSettings } from "../kit/learning-process.ts";
import { type LogRecord, readLog } from "../kit/read-log.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";

const PROCESS = new URL("../kit/learning-process.ts", import.meta.url);
const ARMS = ["quick", "good", "cheap"];
const PROGRAMS = ["p", "q", "r", "s"];

let nats: TestNats;
let writers: { programs: Appender; router: Appender; learning: Appender };
const running: Child[] = [];

before(async () => {
  nats = await startNats({ users: [{ name: "plain" }, { name: "boss", admin: true }] });
  const writer = async (role: "programs" | "router" | "learning") =>
    appenderOf(await nats.connectAs(role), { role, instance: 9 });
  writers = {
    programs: await writer("programs"),
    router: await writer("router"),
    learning: await writer("learning"),
  };
});
after(async () => {
  await Promise.allSettled(running.map((child) => child.kill9()));
  for (const writer of Object.values(writers)) writer.close();
  await nats[Symbol.asyncDispose]();
});

async function learner(instance: number): Promise<Child> {
  const settings: LearningProcessSettings = {
    natsUrl: nats.url,
    password: nats.login("learning").password,
    instance,
    config: { snapshotEvery: 100 },
  };
  const child = await startChild(`learning/${instance}`, { entry: PROCESS, settings });
  running.push(child);
  return child;
}

/** As `nats object rm` would. */
async function deleteSnapshots(): Promise<void> {
  const bucket = snapshotBucket("learning");
  const objects = await LogReader.open(await nats.connectAs("learning"), `OBJ_${bucket}`);
  for (;;) {
    const newest = await objects.last(`$O.${bucket}.M.>`);
    assert.ok(newest !== null, "the service has stored snapshots");
    const meta = newest.json() as { deleted?: boolean };
    if (meta.deleted === true) return;
    await writers.learning.append(
      newest.subject,
      JSON.stringify({ ...meta, deleted: true, size: 0, chunks: 0 }),
    );
  }
}

async function write(messages: readonly WrittenMessage[]): Promise<number> {
  const sequences = await Promise.all(
    messages.map(({ subject, event }) => {
      const writer = subject.includes(".program.") ? writers.programs : writers.router;
      return writer.append(subject, JSON.stringify(event));
    }),
  );
  return Math.max(0, ...sequences);
}

const log = new LearningLog();
let sent = 0;
let requests = 0;

/** Least outcomes of a second, however slow the machine is. */
const LEAST_A_SECOND = 150;

/** Outcomes at a few hundred a second, for so long; longer where there are too few of them by then. */
async function load(seconds: number, breaks = false): Promise<void> {
  const overAt = performance.now() + 1_000 * seconds;
  const least = requests + LEAST_A_SECOND * seconds;
  while (performance.now() < overAt || requests < least) {
    for (let n = 0; n < 10; n++) {
      requests++;
      const ended = {
        program: PROGRAMS[requests % PROGRAMS.length] as string,
        implementation: ARMS[requests % ARMS.length] as string,
        task: requests % 5 === 0 ? "text/high/english" : "label/low/english",
        length: requests % 4,
        latencyMs: 20 + (requests % 97),
        hash: `h${requests}`,
      };
      if (ended.implementation === "quick" && (breaks || requests % 7 === 0)) log.fail(ended);
      else log.succeed(ended);
    }
    await write(log.messages.slice(sent));
    sent = log.messages.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The log, once all that is due is in it. */
async function settled(): Promise<LogRecord[]> {
  let records: LogRecord[] = [];
  await until(async () => {
    records = await readLog(nats);
    const state = initialState();
    for (const { subject, sequence, timeMs, body } of records)
      applyMessage(state, { subject, sequence, timeMs, json: () => structuredClone(body) });
    return state.journal.pending === undefined && state.journal.drifts.length === 0;
  });
  return records;
}

function dataOf<Data>(records: readonly LogRecord[], verb: string): (Data & { at: LogRecord })[] {
  return records
    .filter(({ subject }) => subject === `${kindFilter("policy").slice(0, -1)}${verb}`)
    .map((at) => ({ ...(at.body as { data: Data }).data, at }));
}

/** Folds the log once, without a pause, and compares what each version says with what is due there. */
function assertAsFolded(records: readonly LogRecord[]): (PolicyUpdated & { at: LogRecord })[] {
  const updates = dataOf<PolicyUpdated>(records, "updated");
  const due = new Map<number, PolicyUpdated>();
  const state = initialState();
  for (const { subject, sequence, timeMs, body } of records) {
    applyMessage(state, { subject, sequence, timeMs, json: () => structuredClone(body) });
    const { pending } = state.journal;
    if (pending?.coveredSequence === sequence) due.set(pending.version, structuredClone(pending));
  }
  assert.equal(state.journal.pending, undefined, "the newest due version is in the log");
  for (const { at: _at, ...data } of updates) assert.deepEqual(data, due.get(data.version));
  const versions = updates.map(({ version }) => version);
  assert.deepEqual(
    versions,
    [...new Set(versions)].sort((a, b) => a - b),
    "each version once, in order",
  );
  const drifts = dataOf<PolicyDrift>(records, "drift-detected");
  const keys = drifts.map(({ sequence, arm, channel }) => `${sequence} ${arm} ${channel}`);
  assert.deepEqual(keys, [...new Set(keys)], "each change of an arm once");
  assert.equal(state.journal.drifts.length, 0, "every change is in the log");
  return updates;
}

test("killed mid-run, without its snapshots - it goes on with the versions of a fold that was never interrupted", async () => {
  for (const program of PROGRAMS) log.register(program, ARMS);
  await write(log.messages);
  sent = log.messages.length;
  const first = await learner(1);
  await load(2);
  const loaded = load(3);
  await first.kill9();
  await deleteSnapshots();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const second = await learner(1);
  await loaded;
  await second.kill9();
  await load(1);
  await learner(1);
  await load(1);
  const records = await settled();
  const updates = assertAsFolded(records);
  const seconds = ((records.at(-1)?.timeMs ?? 0) - (records[0]?.timeMs ?? 0)) / 1_000;
  assert.ok(updates.length >= 6, `${updates.length} versions`);
  assert.ok(updates.length <= 2 * seconds + 1, `${updates.length} versions in ${seconds} s`);
  const newest = updates.at(-1);
  const covered = records.filter(({ sequence }) => sequence <= (newest?.coveredSequence ?? 0));
  assert.equal(newest?.outcomes, covered.filter(({ subject }) => /result|attempt/.test(subject)).length);
});

test("two side by side - write each version and each change of an arm once; one goes on without the other", async () => {
  await learner(2);
  await load(2, true);
  const before = assertAsFolded(await settled()).length;
  await running.at(-2)?.kill9();
  await load(1.5);
  const records = await settled();
  const updates = assertAsFolded(records);
  assert.ok(updates.length > before);
  const newest = updates.at(-1)?.at.body as { source: string } | undefined;
  assert.equal(newest?.source, "learning/2");
  assert.ok(dataOf<PolicyDrift>(records, "drift-detected").length > 0, "arms that broke are told");
});

test("the API - tells what is known, and changes it for administrators alone", async () => {
  await Promise.all(running.map((child) => child.kill9()));
  const part = await startLearning({
    natsUrl: nats.url,
    role: "learning",
    password: nats.login("learning").password,
    instance: 1,
    logger: pino({ level: "silent" }),
  });
  try {
    const plain = new Api(await nats.connectAs("plain"), "plain");
    const boss = new Api(await nats.connectAs("boss"), "boss");
    // biome-ignore lint/suspicious/noExplicitAny: answers as a stranger reads them
    const ask = (api: Api, verb: string, body: object = {}, admin = false): Promise<any> =>
      api.request({ verb: `policy.${verb}`, body, admin });
    const code = (answer: Promise<unknown>) => answer.then(String, (error: DspexError) => error.code);

    // What broke on the way may have had another of the settings promoted.
    while ((await ask(plain, "list")).current.name !== "standard") await ask(boss, "rollback", {}, true);
    const list = await ask(plain, "list");
    assert.deepEqual(
      list.challengers.map(({ settings }: { settings: { name: string } }) => settings.name),
      ["bolder", "calmer", "declared-order"],
    );
    assert.ok(list.history.some(({ verb }: { verb: string }) => verb === "drift-detected"));
    const shown = await ask(plain, "show");
    assert.equal(shown.version, list.version);
    assert.deepEqual(shown.programs.map(({ program }: { program: string }) => program).toSorted(), PROGRAMS);
    const old = await ask(plain, "show", { version: 2, program: "q" });
    assert.equal(old.version, 2);
    assert.equal(old.programs.length, 1);
    assert.equal(await code(ask(plain, "show", { version: 9_999 })), "not_found");
    const diff = await ask(plain, "diff", { from: 2, to: list.version, program: "q" });
    assert.ok(diff.differences.length > 0);
    const history = await ask(plain, "history", { program: "p", implementation: "quick" });
    const [{ implementation, day }] = history.implementations;
    assert.equal(implementation, "quick");
    assert.ok(day[0].attempts > 50 && day[0].failures.lm_unavailable > 0 && day[0].p95Ms > 20);
    const patterns = await ask(plain, "patterns", { program: "p" });
    assert.ok(
      patterns.programs[0].patterns.some(({ pattern }: { pattern: string }) => pattern === "drift"),
      JSON.stringify(patterns),
    );
    assert.equal(await code(ask(plain, "patterns", { program: "nobody" })), "unknown_program");
    assert.equal(await code(ask(plain, "diff", { from: "x" })), "invalid_inputs");

    assert.equal(await code(ask(plain, "promote", { settings: "bolder" })), "not_allowed");
    assert.equal(await code(ask(boss, "promote", { settings: "nobody" }, true)), "not_found");
    const promoted = await ask(boss, "promote", { settings: "bolder" }, true);
    assert.equal(promoted.current.temper, 1);
    assert.equal(await code(ask(boss, "promote", { settings: "bolder" }, true)), "not_found");
    const mine = { name: "mine", rule: "uniform", temper: 1, floor: 0 };
    assert.deepEqual((await ask(boss, "promote", { settings: mine }, true)).current, mine);
    assert.equal((await ask(boss, "rollback", { reason: "a try" }, true)).current.name, "bolder");
    assert.equal((await ask(boss, "rollback", {}, true)).current.name, "standard");
    assert.equal(await code(ask(boss, "rollback", {}, true)), "conflict");
    const frozen = await ask(boss, "freeze", { program: "p", frozen: true }, true);
    assert.deepEqual([frozen.changed, frozen.frozen.programs], [true, ["p"]]);
    assert.equal((await ask(boss, "freeze", { program: "p", frozen: true }, true)).changed, false);
    assert.equal(
      await code(ask(boss, "freeze", { program: "nobody", frozen: true }, true)),
      "unknown_program",
    );
    const turns = (await ask(plain, "list")).history.slice(-5);
    assert.deepEqual(
      turns.map(({ verb, by }: { verb: string; by: string }) => [verb, by]),
      [
        ["promoted", "boss"],
        ["promoted", "boss"],
        ["rolled-back", "boss"],
        ["rolled-back", "boss"],
        ["frozen", "boss"],
      ],
    );
  } finally {
    await part.stop();
  }
});
