import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";
import { type StoryWriter, storyWriter } from "./append-story.ts";
import { runDspex } from "./run-dspex.ts";

let nats: TestNats;
let story: StoryWriter;
/** Sequences of the long story. */
const at: Record<string, number> = {};

before(async () => {
  nats = await startNats();
  story = await storyWriter(nats);
  at.request = await story.request("long");
  at.work = await story.work("long", 1, at.request);
  at.failed = await story.failed("long", 1, { request: at.request, work: at.work });
  const other = await story.request("other", "summarize");
  at.again = await story.work("long", 2, at.request);
  at.lost = await story.workerLost([at.again]);
  at.result = await story.result("long", {
    request: at.request,
    work: [at.work, at.again],
    failures: [at.failed],
  });
  at.open = await story.request("open");
  await story.work("other", 1, other);
});
after(async () => {
  story?.[Symbol.dispose]();
  await nats?.[Symbol.asyncDispose]();
});

const dspex = (...commandLine: string[]) => runDspex(commandLine, { home: nats.home });
const sequences = (out: string): number[] =>
  Array.from(out.matchAll(/#(\d+) /g), (match) => Number(match[1]));

test("dspex log <id> - tells the whole story in order, with the worker that was lost under it", async () => {
  const { exitCode, out } = await dspex("log", "local.x.long");
  assert.equal(exitCode, 0);
  assert.deepEqual(sequences(out), [at.request, at.work, at.failed, at.again, at.lost, at.result]);
  assert.match(out, /^local\.x\.long {2}answer {2}succeeded after /);
  assert.match(out, /attempt 1 predict {2}chosen of predict 0\.90, cot 0\.40/);
  assert.match(out, /lm_timeout: no answer within 1 s {2}next: retry predict in 200 ms/);
  assert.match(out, new RegExp(`general/0 {2}SIGKILL {2}gave back #${at.again}`));
  assert.match(out, /succeeded {2}\{"answer":"because long"\} {2}7 ms/);
});

test("dspex log <id> - a chosen id needs no user, and one without a result says so", async () => {
  assert.match((await dspex("log", "long")).out, /^local\.x\.long /);
  const open = await dspex("log", "local.x.open");
  assert.match(open.out, /no result yet/);
  assert.deepEqual(sequences(open.out), [at.open]);
});

test("dspex log <id> - an unknown one is not found", async () => {
  const { exitCode, err } = await dspex("log", "local.x.nope");
  assert.equal(exitCode, 5);
  assert.match(err, /not_found: the log knows no request "local\.x\.nope"/);
});

test("dspex log - shows the last events, filtered", async () => {
  assert.equal(sequences((await dspex("log", "--tail", "3")).out).length, 3);
  assert.equal(sequences((await dspex("log", "--program", "summarize")).out).length, 1);
  const failures = await dspex("log", "--type", "attempt.failed", "worker", "--json");
  const events = failures.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ sequence }) => sequence),
    [at.failed, at.lost],
  );
  assert.equal(events[0].data.error.code, "lm_timeout");
});

test("dspex log - from one point to another", async () => {
  const { out } = await dspex("log", "--since", `${at.work}`, "--until", `${at.failed}`);
  assert.deepEqual(sequences(out), [at.work, at.failed]);
  assert.deepEqual(sequences((await dspex("log", "--since", "1h", "--request", "local.x.open")).out), [
    at.open,
  ]);
  assert.equal((await dspex("log", "--until", "1h")).out, "");
});

test("dspex log --follow - goes on with what comes, until Ctrl-C", async () => {
  const controller = new AbortController();
  let shown = 0;
  const running = runDspex(["log", "-f", "--tail", "0", "--type", "request", "--json"], {
    home: nats.home,
    interrupted: controller.signal,
    onOutput: () => {
      shown++;
    },
  });
  // It shows what comes after the end that it saw, whenever it saw that.
  let asked = 0;
  await until(async () => {
    await story.request(`live${++asked}`);
    return shown > 1;
  });
  controller.abort();
  const { exitCode, out } = await running;
  assert.equal(exitCode, 0);
  const ids = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).id);
  const first = Number(/^local\.x\.live(\d+)$/.exec(ids[0])?.[1]);
  assert.deepEqual(
    ids,
    ids.map((_, n) => `local.x.live${first + n}`),
  );
});

test("dspex log - a point that is none is refused", async () => {
  const { exitCode, err } = await dspex("log", "--since", "yesterdayish");
  assert.equal(exitCode, 2);
  assert.match(err, /"yesterdayish" is no point in the log/);
});

test("dspex replay - folds the log to the same hash each time, and to any point", async () => {
  const [first, second] = [await dspex("replay", "--json"), await dspex("replay", "--json")];
  assert.equal(first.exitCode, 0, first.err);
  const states = [first.json(), second.json()] as {
    hash: string;
    sequence: number;
    state: { open: object[] };
  }[];
  assert.equal(states[0]?.hash, states[1]?.hash);
  const past = (await dspex("replay", "--to", `${at.failed}`, "--json")).json() as (typeof states)[0];
  assert.equal(past.sequence, at.failed);
  assert.deepEqual(
    past.state.open.map((open) => (open as { id: string }).id),
    ["local.x.long"],
  );
});

test("dspex replay --diff - says what changed between two points", async () => {
  const { out, exitCode } = await dspex("replay", "--diff", `${at.failed}`, `${at.result}`, "--json");
  assert.equal(exitCode, 0);
  const { differences } = JSON.parse(out) as { differences: { path: string }[] };
  assert.ok(differences.some(({ path }) => path === "open.local.x.long"));
  assert.equal((await dspex("replay", "--diff", "1")).exitCode, 2);
});

test("dspex replay - of programs", async () => {
  const { exitCode, out } = await dspex("replay", "--service", "programs", "--json");
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(out).state.programs, []);
});
