// A service that is killed takes questions along: whoever waits asks again when it says that it is there, or that a run has
// ended, and not when a timer says so.

import assert from "node:assert/strict";
import test from "node:test";
import { DspexError } from "../../../schemas/errors.ts";
import { liveRunSubject } from "../../../schemas/subjects.ts";
import type { RunEventAnswer } from "./answers.ts";
import { followRun } from "./events.ts";
import type { PipelineHost } from "./pipeline-host.ts";
import { PipelineRun } from "./pipeline-run.ts";

type Answer = () => AsyncGenerator<{ value: unknown; index: number }, boolean>;

function host(ask: () => unknown, pieces: Answer[] = []) {
  const listeners = new Map<string, (body?: unknown) => void>();
  const api = {
    request: async () => ask(),
    pieces: () => (pieces.shift() as Answer)(),
    listen(subject: string, onMessage: (body?: unknown) => void): Disposable {
      listeners.set(subject, onMessage);
      return { [Symbol.dispose]: () => listeners.delete(subject) };
    },
  };
  const made = { api, user: "ann", isClosed: () => false, expandValues: (values: object) => values };
  return { made: made as unknown as PipelineHost, listeners };
}
const subject = liveRunSubject("ann", "r1");
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("result - is asked for again when word of the run comes, and at once", async () => {
  let asked = 0;
  let ended = false;
  const { made, listeners } = host(() => {
    asked++;
    return ended ? { run: "r1", status: "succeeded", outputs: { out: 1 } } : { status: "pending" };
  });
  const startedMs = performance.now();
  const result = new PipelineRun(made, "r1").result();
  await turn();
  listeners.get(subject)?.({ status: "running" });
  await turn();
  assert.equal(asked, 2);
  ended = true;
  listeners.get(subject)?.({ status: "succeeded" });
  assert.deepEqual((await result).outputs, { out: 1 });
  assert.equal(asked, 3);
  assert.ok(performance.now() - startedMs < 1_900, "before any timer");
  assert.equal(listeners.size, 0);
});

test("result - word that comes while it is asked is not lost", async () => {
  const answers: (() => void)[] = [];
  let ended = false;
  const { made, listeners } = host(
    () =>
      new Promise((resolve) => {
        const answer = ended ? { run: "r1", status: "succeeded" } : { status: "pending" };
        answers.push(() => resolve(answer));
      }),
  );
  const result = new PipelineRun(made, "r1").result();
  await turn();
  ended = true;
  listeners.get(subject)?.();
  answers.shift()?.();
  await turn();
  await turn();
  answers.shift()?.();
  assert.equal((await result).status, "succeeded");
});

test("events - go on when the service is there again, though its answer never ends", async () => {
  const event = (sequence: number, verb: string): { value: RunEventAnswer; index: number } => ({
    value: { sequence, time: "2026-01-01T00:00:00Z", verb: verb as "started", data: {} },
    index: 0,
  });
  const { made, listeners } = host(
    () => undefined,
    [
      async function* () {
        yield event(1, "started");
        await new Promise(() => {});
        return true;
      },
      async function* () {
        yield event(1, "started");
        yield event(2, "finished");
        return false;
      },
    ],
  );
  const seen: number[] = [];
  for await (const { sequence } of followRun(made, "r1")) {
    seen.push(sequence);
    if (sequence === 1) setImmediate(() => listeners.get(subject)?.({ status: "running" }));
  }
  assert.deepEqual(seen, [1, 2]);
  assert.equal(listeners.size, 0);
});

test("result - a run that there is not is told at once", async () => {
  const { made } = host(() => {
    throw new DspexError("not_found", "no run");
  });
  await assert.rejects(new PipelineRun(made, "r1").result(), /no run/);
});
