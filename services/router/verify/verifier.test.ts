// Decisions of a log, taken again: given what the router wrote, all come out the same; given a log that was changed, the
// change is found.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { MemoryLog } from "../../../tests/kit/memory-log.ts";
import type { EventMessage } from "../event.ts";
import { stateFromJson, stateToJson } from "../state.ts";
import { DecisionCollector } from "./collect.ts";
import { totalOf, Verifier, type VerifierOptions } from "./verifier.ts";

function verify(
  log: MemoryLog,
  options: Partial<VerifierOptions> = {},
  from = 1,
): Verifier & { collector: DecisionCollector } {
  const collector = new DecisionCollector(from);
  for (const message of log.messages) if (message?.sequence >= from) collector.take(message);
  const verifier = new Verifier(collector.recorded, { headSequence: 1, shown: 10, ...options });
  const { fromSequence, toSequence } = verifier;
  const head = options.headSequence ?? 1;
  for (const message of log.messages) {
    const { sequence } = message;
    if (sequence >= Math.max(fromSequence, head) && sequence <= toSequence) verifier.take(message);
  }
  verifier.end();
  return Object.assign(verifier, { collector });
}

/** Answered by functions, by pools, after retries and fallbacks. */
function longLog(requests = 60): MemoryLog {
  const log = new MemoryLog();
  log.register({
    name: "mood",
    signature: "text: str -> mood: str",
    implementations: [
      { kind: "native", name: "words", inline: true },
      { kind: "native", name: "rules", inline: true },
    ],
  });
  log.register({
    name: "answer",
    signature: "question: str -> answer: str",
    implementations: [
      { kind: "dspy", name: "predict", pool: "general", module: "Predict" },
      { kind: "dspy", name: "cot", pool: "general", module: "ChainOfThought" },
    ],
  });
  for (let n = 0; n < requests; n++) {
    const mood = log.ask("mood", { text: `text ${n}` });
    const answer = log.ask("answer", { question: `question ${n}?` }, n % 3 === 0 ? { prefer: "speed" } : {});
    const first = log.decide(mood);
    const asked = log.decide(answer, { general: 1 });
    const work = log.work(asked, answer);
    if (n % 4 === 0) {
      log.fail(first, mood, "internal");
      const second = log.decideNext(mood);
      log.succeed(second, mood);
    } else log.succeed(first, mood, 10 * (n % 7));
    if (n % 5 === 0) {
      log.fail(asked, answer, "lm_unavailable", work);
      const again = log.decideNext(answer);
      log.work(again, answer);
      log.succeed(again, answer);
    } else log.succeed(asked, answer, 700);
    if (n % 2 === 0) log.feedback(mood.id, "mood", { score: n % 3 === 0 ? 0.2 : 0.9 });
  }
  return log;
}

/** The first message with a decision for which `wanted` holds. */
function messageWith(log: MemoryLog, wanted: (decision: Decision) => boolean): number {
  const found = log.messages.find((message) => {
    const { decision } = (message.json() as { data: { decision?: Decision } }).data;
    return decision !== undefined && wanted(decision);
  });
  assert.ok(found !== undefined);
  return found.sequence;
}

const isFree = ({ candidates }: Decision) => candidates.length > 1;

test("what the router wrote - comes out the same, each decision once, by kind", () => {
  const { verdicts, collector, inFlight } = verify(longLog());
  assert.deepEqual(verdicts.first, { same: 120, different: 0, notCheckable: 0, erased: 0 });
  assert.deepEqual(verdicts.retry, { same: 12, different: 0, notCheckable: 0, erased: 0 });
  assert.deepEqual(verdicts.fallback, { same: 15, different: 0, notCheckable: 0, erased: 0 });
  assert.deepEqual([collector.unreadable, collector.otherRules.size, inFlight.tooFew], [[], 0, 0]);
});

test("a hedge - is taken again at the age of the first attempt", () => {
  const log = longLog(10);
  const intake = log.ask("answer", { question: "slow?" }, { hedge: true });
  log.work(log.decide(intake), intake);
  const hedge = log.decideHedge(intake, 900, { general: 1 });
  const sequence = log.work(hedge, intake);
  log.succeed(hedge, intake);
  assert.deepEqual(verify(log).verdicts.hedge, { same: 1, different: 0, notCheckable: 0, erased: 0 });
  log.tamper(sequence, (data) => {
    const { candidates } = data.decision as Decision;
    for (const one of candidates) one.probability = 1 - one.probability;
  });
  assert.equal(verify(log).verdicts.hedge.different, 1);
});

test("one bit of one probability - is found, and shown with what comes out", () => {
  const log = longLog();
  const sequence = messageWith(
    log,
    ({ candidates, stateSequence }) => candidates.length > 1 && stateSequence > 50,
  );
  let recorded = 0;
  log.tamper(sequence, (data) => {
    const [candidate] = (data.decision as Decision).candidates;
    assert.ok(candidate !== undefined);
    const bits = new BigUint64Array(new Float64Array([candidate.probability]).buffer);
    bits[0] = (bits[0] ?? 0n) + 1n;
    recorded = new Float64Array(bits.buffer)[0] ?? 0;
    candidate.probability = recorded;
  });
  const { verdicts, differences } = verify(log);
  const { different } = totalOf(verdicts);
  assert.ok(different === 1 || different === 2, "the copy in the result is another decision then");
  const [difference] = differences;
  assert.equal(difference?.messageSequence, sequence);
  assert.ok(difference.got.kind === "decision");
  const [candidate] = difference.got.decision.candidates;
  assert.ok(candidate !== undefined && candidate.probability !== recorded);
});

test("any change of a decision - is found", () => {
  const changes: Record<string, (decision: Decision) => void> = {
    chosen: (decision) => {
      decision.chosen =
        decision.candidates.find((one) => one.implementation !== decision.chosen)?.implementation ?? "";
    },
    score: ({ candidates }) => Object.assign(candidates[0] ?? {}, { score: 0.5 }),
    "a candidate left out": ({ candidates }) => void candidates.pop(),
    policy: (decision) => {
      decision.policyVersion = "7";
    },
    features: ({ features }) => Object.assign(features, { complexity: 0.123 }),
    "one feature more": ({ features }) => Object.assign(features, { extra: true }),
    "a later state": (decision) => {
      decision.stateSequence = 100_000;
    },
    "a state from before its request": (decision) => {
      decision.stateSequence = 1;
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    const log = longLog(8);
    log.tamper(messageWith(log, isFree), (data) => change(data.decision as Decision));
    assert.ok(totalOf(verify(log).verdicts).different >= 1, name);
  }
});

test("a message that lost what a decision must have - is unreadable, not overlooked", () => {
  const log = longLog(4);
  const sequence = messageWith(log, isFree);
  log.tamper(sequence, (data) => Object.assign(data.decision as object, { candidates: "none" }));
  assert.deepEqual(verify(log).collector.unreadable, [sequence]);
});

test("a failure that was changed - shows in what followed it", () => {
  const log = longLog(8);
  const failure = log.messages.find(({ subject }) => subject === "dspex.event.attempt.failed");
  assert.ok(failure !== undefined);
  log.tamper(failure.sequence, (data) =>
    Object.assign(data, { error: { code: "lm_timeout", message: "", retryable: true } }),
  );
  assert.ok(totalOf(verify(log).verdicts).different >= 1);
});

test("in-flight counts below what the log shows - are a difference; above it, only told", () => {
  const fewer = longLog(4);
  const intake = fewer.ask("answer", { question: "busy?" });
  const busy = fewer.decide(intake, { general: 3 });
  fewer.work(busy, intake);
  const second = fewer.ask("answer", { question: "busy too?" });
  const order = fewer.decide(second, { general: 0 });
  fewer.work(order, second);
  const { verdicts, inFlight, differences } = verify(fewer);
  assert.equal(totalOf(verdicts).different, 1);
  assert.equal(inFlight.tooFew, 1);
  assert.deepEqual(differences[0]?.folded, { general: 1 });
  // The first one says three, and its router had decided nothing else that was under way.
  assert.ok(inFlight.unexplained >= 1);
});

test("a log whose head was cut - says nothing of decisions from before the snapshot, never that they are equal", () => {
  const log = longLog();
  const { messages } = log;
  const cut = 101;
  const at = 200;
  const before = new MemoryLog();
  for (const message of messages.slice(0, at)) {
    const { type, data, source } = message.json() as { type: string; data: object; source: string };
    before.append(message.subject, type, data, source);
  }
  const state = stateFromJson(structuredClone(stateToJson(before.state)));
  messages.splice(0, cut - 1);
  const without = verify(log, { headSequence: cut }, cut);
  assert.deepEqual([totalOf(without.verdicts).same, totalOf(without.verdicts).different], [0, 0]);
  const { verdicts, reasons } = verify(log, { headSequence: cut, state }, cut);
  const { same, different, notCheckable } = totalOf(verdicts);
  assert.equal(different, 0);
  assert.ok(same > 60 && notCheckable > 20, `${same} same, ${notCheckable} not checkable`);
  assert.ok((reasons.get("its state is no longer in the log") ?? 0) > 0);
});

test("decisions with variables - come out the same, whatever was set before and after; other values are found", () => {
  const log = new MemoryLog();
  log.register({
    name: "answer",
    signature: "question: str -> answer: str",
    implementations: [
      { kind: "dspy", name: "cot", pool: "general", module: "Predict", variables: { temperature: "warmth" } },
      { kind: "native", name: "quick" },
    ],
    routing: { hedge: true },
  });
  const variables = [
    { name: "warmth", kind: "float", min: 0, max: 2, default: 0.5 },
    { name: "twice", kind: "float", min: 0, max: 4, expression: "warmth * 2" },
  ];
  const answer = (options: object = {}) => {
    const intake = log.ask("answer", { question: "why?" }, { implementation: "cot", ...options });
    const order = log.decide(intake);
    const work = log.work(order, intake);
    return { intake, order, work };
  };
  const without = answer();
  log.succeed(without.order, without.intake);
  assert.equal(without.order.decision.features.variables, undefined);
  log.variable({ kind: "register", by: "config", variables });
  for (let n = 0; n < 6; n++) {
    const { intake, order, work } = answer(n % 2 === 0 ? {} : { variables: { warmth: 1 + n / 10 } });
    log.variable({ kind: "set", by: "local", values: { warmth: n / 8 + 0.1 } });
    log.fail(order, intake, "lm_timeout", work);
    const again = log.decideNext(intake);
    log.work(again, intake);
    log.succeed(again, intake);
  }
  const middle = stateFromJson(JSON.parse(JSON.stringify(stateToJson(log.state))));
  const last = answer({ variables: { warmth: 2 } });
  log.succeed(last.order, last.intake);
  const whole = totalOf(verify(log).verdicts);
  assert.deepEqual([whole.same, whole.different, whole.notCheckable], [14, 0, 0]);
  const resumed = verify(log, { state: middle }, middle.sequence + 1).verdicts;
  assert.deepEqual(resumed.first, { same: 1, different: 0, notCheckable: 0, erased: 0 });
  log.tamper(last.work, (data) =>
    Object.assign((data.decision as Decision).features, { variables: { warmth: 1.9 } }),
  );
  assert.ok(totalOf(verify(log).verdicts).different >= 1);
});

test("a window - takes again what it has, its requests from before it too", () => {
  const log = longLog();
  const whole = verify(log);
  const { verdicts } = verify(log, {}, 300);
  const { same, different, notCheckable } = totalOf(verdicts);
  assert.deepEqual([different, notCheckable], [0, 0]);
  assert.ok(same > 0 && same < totalOf(whole.verdicts).same);
});

test("decisions by other rules - are counted apart", () => {
  const log = longLog(4);
  log.tamper(messageWith(log, isFree), (data) =>
    Object.assign((data.decision as Decision).features, { rule: "thompson/0" }),
  );
  const intake = log.ask("mood", { text: "long ago" });
  const order = log.decide(intake);
  const earlier = { ...order.decision, policyVersion: "declared-order/1", features: {} };
  log.succeed({ ...order, decision: earlier }, intake);
  const { collector, verdicts } = verify(log);
  assert.equal(totalOf(verdicts).different, 0);
  assert.equal(collector.otherRules.get("declared-order/1"), 1);
  assert.equal(collector.otherRules.get("thompson/0"), 1);
});

test("what users had erased - is counted as such where it changes a decision, and nowhere else", () => {
  const log = longLog();
  const at = Math.floor(log.messages.length / 2);
  // An outcome that later decisions have learned from, with the request, its work and its failures.
  const { data: result } = log.messages
    .slice(at)
    .map((message) => message.json() as { data: { id?: string; status?: string; program?: string } })
    .find(({ data }) => data.status === "succeeded" && data.program === "answer") as { data: { id: string } };
  const isOf = (message: EventMessage) => (message.json() as { data: { id?: string } }).data.id === result.id;
  const erased = log.messages.filter(isOf).map(({ sequence }) => sequence);
  assert.ok(erased.length >= 3);
  const all = totalOf(verify(log).verdicts);
  const decisions = log.messages.filter(
    (message) => isOf(message) && message.subject.startsWith("dspex.work."),
  );
  log.erase(erased);
  const found = totalOf(verify(log, { erased }).verdicts);
  assert.equal(found.different, 0);
  assert.ok(found.erased > 0, "later decisions have learned from it");
  assert.equal(found.same + found.erased, all.same - decisions.length);
  const blind = totalOf(verify(log).verdicts);
  assert.equal(blind.different, found.erased, "without the tombstones they would be different");
  // What differs although all that it was taken from is there is not excused.
  const before = messageWith(
    log,
    (decision) => isFree(decision) && decision.stateSequence < (erased[0] ?? 0),
  );
  log.tamper(before, (data) => {
    for (const one of (data.decision as Decision).candidates) one.probability /= 2;
  });
  assert.equal(totalOf(verify(log, { erased }).verdicts).different, 1);
});
