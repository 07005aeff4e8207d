// Given who answered in a session, and who lives, when its next turn is decided, then this worker gets it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SESSION_EVENTS } from "../../../schemas/messages/session-event.ts";
import { sessionEventSubject } from "../../../schemas/subjects.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import type { AttemptOrder } from "../decide.ts";
import { stateFromJson, stateToJson } from "../state.ts";
import { DecisionCollector } from "../verify/collect.ts";
import { Verifier } from "../verify/verifier.ts";

class Given extends MemoryLog {
  constructor() {
    super();
    this.register({
      name: "chat",
      signature: "question: str -> answer: str",
      implementations: [
        { kind: "dspy", name: "predict", pool: "general", module: "Predict" },
        { kind: "plain", name: "plain", prompt: "{{question}}" },
      ],
    });
    this.worker("started", "0");
    this.worker("started", "1");
  }

  /** The decision on a turn, as it was sent. */
  asked(session: string | undefined, implementation = "predict") {
    const options = { implementation, ...(session !== undefined && { session }) };
    const intake = this.ask("chat", { question: "?" }, options);
    const order = this.decide(intake);
    const workSequence = this.work(order, intake);
    return { intake, order, workSequence };
  }

  answered(session: string, worker: string): void {
    const { order, intake } = this.asked(session);
    this.succeed({ ...order, worker }, intake);
    this.turn(intake, session, worker);
  }
}

const fateOf = ({ decision }: AttemptOrder) =>
  (decision.features.affinity as { fate: string } | undefined)?.fate;

test("a session's first turn, and a request without one - go to whoever is free", () => {
  const log = new Given();
  assert.deepEqual([log.asked("s").order.worker, log.asked(undefined).order.worker], [undefined, undefined]);
});

test("the next turn - goes to the worker that answered the one before; another session's does not", () => {
  const log = new Given();
  log.answered("s", "1");
  const { order } = log.asked("s");
  assert.deepEqual([order.worker, fateOf(order)], ["1", "kept"]);
  assert.equal(log.asked("t").order.worker, undefined);
});

test("a model call - has no worker of its own", () => {
  const log = new Given();
  log.answered("s", "1");
  const { order } = log.asked("s", "plain");
  assert.deepEqual([order.worker, fateOf(order)], [undefined, undefined]);
});

test("a worker that is lost - is not waited for; its successor has its name", () => {
  const log = new Given();
  log.answered("s", "1");
  log.worker("lost", "1");
  const { order } = log.asked("s");
  assert.deepEqual([order.worker, fateOf(order)], [undefined, "gone"]);
  log.worker("started", "1");
  assert.equal(log.asked("s").order.worker, "1");
});

test("a worker that was lost by mistake - gets its turns again once it is found, and its successor's are its own", () => {
  const log = new Given();
  log.answered("s", "1");
  log.worker("lost", "1");
  assert.equal(fateOf(log.asked("s").order), "gone");
  const read = stateFromJson(JSON.parse(JSON.stringify(stateToJson(log.state))));
  assert.deepEqual(read.load, log.state.load, "a snapshot has it");
  log.worker("found", "1");
  assert.equal(log.asked("s").order.worker, "1");
  log.worker("ended", "1");
  log.worker("found", "1");
  assert.equal(fateOf(log.asked("s").order), "gone", "its end was seen");
});

test("a worker with too much of its own - leaves turns to others, until some of it is done", () => {
  const log = new Given();
  for (const session of ["a", "b", "c", "d", "e"]) log.answered(session, "1");
  const sent = ["a", "b", "c", "d"].map((session) => log.asked(session));
  assert.deepEqual(
    sent.map(({ order }) => order.worker),
    ["1", "1", "1", "1"],
    "its two slots and two more",
  );
  const fifth = log.asked("e");
  assert.deepEqual([fifth.order.worker, fateOf(fifth.order)], [undefined, "busy"]);
  const [first] = sent;
  assert.ok(first !== undefined);
  log.succeed(first.order, first.intake);
  assert.equal(log.asked("e").order.worker, "1");
});

test("an attempt that fails - is made again where the session is known, but not by who lost it", () => {
  const log = new Given();
  log.answered("s", "1");
  for (const [code, worker] of [
    ["lm_unavailable", "1"],
    ["worker_lost", undefined],
  ] as const) {
    const { order, intake, workSequence } = log.asked("s");
    log.fail(order, intake, code, workSequence);
    const again = log.decideNext(intake);
    assert.equal(again.worker, again.implementation.kind === "plain" ? undefined : worker, code);
  }
});

test("an ended session - is forgotten, and a snapshot has what is known", () => {
  const log = new Given();
  log.answered("s", "1");
  const read = stateFromJson(JSON.parse(JSON.stringify(stateToJson(log.state))));
  assert.deepEqual(read.sessions.workers.get("local.s"), { general: "1" });
  assert.deepEqual(read.load, log.state.load);
  const closed = { user: "local", session: "s" };
  log.append(sessionEventSubject("local", "s", "closed"), SESSION_EVENTS.closed.type, closed);
  assert.equal(log.state.sessions.workers.size, 0);
});

test("all of it - comes out the same when the decisions are taken again", () => {
  const log = new Given();
  for (let n = 0; n < 30; n++) {
    if (n === 10) log.worker("lost", "1");
    if (n === 15) log.worker("found", "1");
    if (n === 18) log.worker("ended", "1");
    if (n === 20) log.worker("started", "1");
    log.answered(`s${n % 3}`, String(n % 2));
  }
  const collector = new DecisionCollector();
  for (const message of log.messages) collector.take(message);
  const verifier = new Verifier(collector.recorded, { headSequence: 1, shown: 10 });
  for (const message of log.messages) verifier.take(message);
  verifier.end();
  assert.deepEqual(
    [verifier.verdicts.first.same, verifier.verdicts.first.different, verifier.differences],
    [30, 0, []],
  );
});
