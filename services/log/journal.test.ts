import assert from "node:assert/strict";
import { test } from "node:test";
import { isDspexError } from "../../schemas/errors.ts";
import type { Appender, AppendOptions } from "../bus/append.ts";
import { AppendRefused } from "../bus/append-errors.ts";
import { Journal, type JournalEvent } from "./journal.ts";
import type { LogReader } from "./read.ts";

/** A log of one subject, whose appender can be told what becomes of the next appends. */
class FakeLog {
  readonly stored: { sequence: number; id: string; data: unknown }[] = [];
  readonly passed: number[] = [];
  /** What happens at the next appends: `lost` = stored, but refused when it is sent again. */
  readonly fates: ("lost" | (() => void))[] = [];
  appends = 0;

  add(data: unknown, id = "another"): number {
    const sequence = (this.stored.at(-1)?.sequence ?? 0) + 10;
    this.stored.push({ sequence, id, data });
    return sequence;
  }

  journal(): Journal {
    const appender = {
      append: async (subject: string, body: string, { expectedLastSequence = 0 }: AppendOptions = {}) => {
        this.appends++;
        const fate = this.fates.shift();
        if (typeof fate === "function") fate();
        const refused = new AppendRefused(subject, { code: 400, err_code: 10_071, description: "wrong" });
        if ((this.stored.at(-1)?.sequence ?? 0) !== expectedLastSequence) throw refused;
        const { id, data } = JSON.parse(body);
        const sequence = this.add(data, id);
        if (fate === "lost") throw refused;
        return sequence;
      },
    };
    const message = (one: (typeof this.stored)[number] | undefined) =>
      one === undefined ? null : { sequence: one.sequence, json: () => ({ id: one.id, data: one.data }) };
    const reader = {
      last: async () => message(this.stored.at(-1)),
      next: async (_scope: string, from: number) =>
        message(this.stored.find(({ sequence }) => sequence >= from)),
    };
    return new Journal({
      source: "test/1",
      appender: appender as unknown as Appender,
      reader: reader as unknown as LogReader,
      fold: { passed: async (sequence) => void this.passed.push(sequence) },
    });
  }
}

const SCOPE = "dspex.event.variable.*";
const event = (n: number): JournalEvent => ({
  subject: "dspex.event.variable.changed",
  type: "dspex.variable.changed.v1",
  data: { n },
});

test("execute - appends what is decided once everything of the scope has passed, and waits for it", async () => {
  const log = new FakeLog();
  const before = log.add("before");
  const done = await log.journal().execute({ scope: SCOPE, what: "it", decide: () => event(1) });
  assert.equal(done?.sequence, before + 10);
  assert.deepEqual(log.passed, [before, before + 10]);
});

test("execute - nothing decided, nothing appended", async () => {
  const log = new FakeLog();
  assert.equal(await log.journal().execute({ scope: SCOPE, what: "it", decide: () => undefined }), undefined);
  assert.equal(log.appends, 0);
});

test("execute - who loses a race decides again from what the other one wrote", async () => {
  const log = new FakeLog();
  log.fates.push(() => log.add("faster"));
  const seen: number[] = [];
  const decide = () => {
    seen.push(log.passed.at(-1) ?? 0);
    return event(seen.length);
  };
  const done = await log.journal().execute({ scope: SCOPE, what: "it", decide });
  assert.deepEqual(seen, [0, 10]);
  assert.deepEqual(
    log.stored.map(({ data }) => data),
    ["faster", { n: 2 }],
  );
  assert.equal(done?.sequence, 20);
});

test("execute - an acknowledgement that was lost is no race: the event is there once, and is one's own", async () => {
  const log = new FakeLog();
  log.fates.push("lost");
  let decided = 0;
  const done = await log.journal().execute({ scope: SCOPE, what: "it", decide: () => event(++decided) });
  assert.equal(done?.sequence, 10);
  assert.equal(decided, 1, "what was decided is not decided again");
  assert.equal(log.stored.length, 1);
});

test("append - an acknowledgement that was lost, and somebody after it: still one's own", async () => {
  const log = new FakeLog();
  log.fates.push("lost");
  const appended = log.journal().append(event(1), SCOPE, 0);
  log.add("after");
  assert.equal(await appended, 10);
});

test("append - what something else came before is undefined, and the fold has passed that", async () => {
  const log = new FakeLog();
  log.add("other");
  assert.equal(await log.journal().append(event(1), SCOPE, 0), undefined);
  assert.deepEqual(log.passed, [10]);
});

test("execute - others who are faster all the time are a conflict that says of what, and may be tried again", async () => {
  const log = new FakeLog();
  for (let n = 0; n < 60; n++) log.fates.push(() => log.add("faster"));
  await assert.rejects(
    log.journal().execute({ scope: SCOPE, what: 'program "qa"', decide: () => event(1) }),
    (error) =>
      isDspexError(error) &&
      error.code === "conflict" &&
      error.retryable &&
      /program "qa"/.test(error.message),
  );
});

test("execute - an event that no message can hold is refused before it is sent", async () => {
  const log = new FakeLog();
  const large = { ...event(1), data: { text: "x".repeat(1_000_000) } };
  await assert.rejects(
    log.journal().execute({ scope: SCOPE, what: "it", decide: () => large }),
    (error) => isDspexError(error) && error.code === "payload_too_large",
  );
  assert.equal(log.appends, 0);
});
