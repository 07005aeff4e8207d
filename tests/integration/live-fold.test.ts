// A fold that is kept up with the log of a real server: its snapshots cover the log, and who waits for it is answered.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pino } from "pino";
import { snapshotBucket } from "../../schemas/subjects.ts";
import { appenderOf } from "../../services/bus/append.ts";
import { type FoldKind, LiveFold, type LiveFoldOptions } from "../../services/log/live-fold.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { LogReader } from "../../services/log/read.ts";
import { loadSnapshot } from "../../services/log/snapshot.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import { startPrograms } from "../../services/programs/main.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { startVariables } from "../../services/variables/main.ts";
import { startNats, type TestNats } from "../kit/start-nats.ts";
import { until } from "../kit/until.ts";

const logger = pino({ level: "silent" });

let nats: TestNats;
before(async () => {
  nats = await startNats();
});
after(async () => {
  await nats[Symbol.asyncDispose]();
});

interface Counted {
  sequence: number;
  count: number;
}

/** Counts what happens to workers, as the supervisor writes it; in the bucket of `role`. */
async function counting(role: string, options: Partial<LiveFoldOptions<Counted>> = {}) {
  const connection = await nats.connectAs(role);
  const reader = await LogReader.open(connection);
  const appender = appenderOf(connection, { role, instance: 1 });
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket(role));
  const kind: FoldKind<Counted> = {
    version: "test",
    initial: () => ({ sequence: 0, count: 0 }),
    fromJson: (json) => json as Counted,
    pieces: (state) => [JSON.stringify(state)],
    filters: ["dspex.event.worker.started"],
  };
  const apply = ({ count }: Counted, { sequence }: { sequence: number }) => ({ sequence, count: count + 1 });
  const make = () =>
    new LiveFold<Counted>({
      connection,
      reader,
      snapshots,
      role,
      instance: 1,
      logger,
      kind,
      apply,
      soonMs: 10,
      ...options,
    });
  return { make, snapshots, reader };
}

async function append(subject: string): Promise<number> {
  const settings = { role: "supervisor", instance: 1 };
  const appender = appenderOf(await nats.connectAs("supervisor"), settings);
  return appender.append(subject, "{}").finally(() => appender.close());
}

test("a fold - begins where its snapshot is, and is told when it has passed a message", async () => {
  const { make, snapshots } = await counting("telemetry");
  const fold = make();
  await fold.start();
  const changed = fold.changed();
  const sequence = await append("dspex.event.worker.started");
  await fold.passed(sequence);
  await changed;
  assert.deepEqual(fold.state, { sequence, count: 1 });
  fold.snapshotSoon();
  await until(async () => (await loadSnapshot(snapshots, "test"))?.sequence === sequence);
  await fold.stop();

  const again = make();
  await again.start();
  assert.deepEqual(again.state, { sequence, count: 1 });
  const next = await append("dspex.event.worker.started");
  await again.passed(next);
  assert.deepEqual(again.state, { sequence: next, count: 2 });
  await again.stop();
});

test("a fold - that follows few subjects covers all the others too: the keeper cuts no further than it", async () => {
  const { make, snapshots } = await counting("telemetry", { snapshotEveryMs: 50 });
  const fold = make();
  await fold.start();
  const before = fold.state;
  const sequence = await append("dspex.event.worker.stopped");
  await until(async () => ((await loadSnapshot(snapshots, "test"))?.sequence ?? 0) >= sequence);
  assert.deepEqual((await loadSnapshot(snapshots, "test"))?.state, before, "the state is what it was");
  await fold.stop();
});

test("who waits - is told when the fold ends, by its stop or by what it cannot fold", async () => {
  const { make } = await counting("telemetry");
  const fold = make();
  await fold.start();
  const never = Number.MAX_SAFE_INTEGER;
  const waiting = assert.rejects(fold.passed(never), { code: "unavailable", message: /stops/ });
  await fold.stop();
  await waiting;
  await assert.rejects(fold.passed(never), { code: "unavailable" });

  const bad = (
    await counting("telemetry", {
      apply() {
        throw new Error("no such thing");
      },
    })
  ).make();
  await append("dspex.event.worker.started");
  await assert.rejects(bad.start(), { message: /no such thing/ });
  await assert.rejects(bad.passed(never), { code: "unavailable", message: /no such thing/ });
  await bad.stop();
});

test("every service - has a snapshot soon, though nothing concerns it: without one the log's head stays", async () => {
  const settings = (role: string) => ({
    natsUrl: nats.url,
    role,
    password: nats.login(role).password,
    instance: 1,
    logger,
  });
  const parts = await Promise.all([
    startVariables(settings("variables")),
    startPrograms(settings("programs"), { declarations: [] }),
    startSessions(settings("sessions")),
    startPipelines(settings("pipelines")),
  ]);
  const connection = await nats.connectAs("operator");
  for (const role of ["variables", "programs", "sessions", "pipelines"]) {
    const reader = await LogReader.open(connection, `OBJ_${snapshotBucket(role)}`);
    await until(async () => (await reader.last(`$O.${snapshotBucket(role)}.M.>`)) !== null, 20_000);
  }
  await Promise.all(parts.map((part) => part.stop()));
});
