// What the log is about to forget of versions is told again, so that who folds what is left of it knows the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf } from "../definition.ts";
import { evolve } from "../evolve.ts";
import { initialState, type ProgramsState } from "../state.ts";
import { decideCanary, decideCanaryRenewal } from "./canary/decide.ts";
import {
  decidePromote,
  decidePublish,
  decideVersionRenewal,
  decideWanted,
  decideWantedRenewal,
  decideWithdraw,
} from "./decide.ts";

const definition = (prompt: string) =>
  definitionOf({
    name: "mood",
    signature: "text: str -> mood: str",
    implementations: [{ name: "plain", kind: "plain", prompt: `{{text}} ${prompt}` }],
  });
const DECLARED = definition("declared");
const BETTER = definition("better");
const WORSE = definition("worse");
const TRIED = definition("tried");
const by = "local";

type Event = Parameters<typeof evolve>[1] extends infer E
  ? E extends { sequence: number; timeMs: number }
    ? Omit<E, "sequence" | "timeMs">
    : never
  : never;

/** Folds events from a sequence on, with the log's clock. */
class Log {
  state: ProgramsState = initialState();
  sequence: number;
  constructor(sequence = 0) {
    this.sequence = sequence;
  }
  add(event: Event | undefined): this {
    if (event === undefined) return this;
    this.sequence++;
    this.state = evolve(this.state, {
      ...event,
      sequence: this.sequence,
      timeMs: this.sequence * 10,
    } as Parameters<typeof evolve>[1]);
    return this;
  }
}

function published(log: Log, of: typeof DECLARED): void {
  const data = decidePublish(log.state, {
    definition: of,
    parent: DECLARED.version,
    run: "r1",
    by,
    artifact: { key: "local/x", sha256: "0".repeat(64) },
    report: { verdict: "improved" },
  });
  log.add(data && { kind: "version-published", data });
}

/** A program with a promoted version, one that was withdrawn, and one that is tried. */
function wholeLog(): Log {
  const log = new Log().add({ kind: "registered", definition: DECLARED, by: "config" });
  for (const one of [BETTER, WORSE, TRIED]) published(log, one);
  const withdrawn = decideWithdraw(log.state, { name: "mood", version: WORSE.version, by, reason: "no" });
  log.add(withdrawn && { kind: "withdrawn", data: withdrawn });
  const promotion = decidePromote(log.state, { name: "mood", version: BETTER.version, pin: true, by });
  log.add(promotion && { kind: "promoted", data: promotion });
  const wanted = decideWanted(log.state, "mood");
  assert.ok(wanted);
  const { by: who, ...of } = wanted;
  log.add({ kind: "registered", definition: of, by: who });
  const canary = { name: "mood", version: TRIED.version, share: 0.25, maxOutcomes: 50, by };
  const started = decideCanary(log.state, canary);
  log.add(started && { kind: "canary-started", data: started });
  return log;
}

/** All that is to be told again when the log's head is beyond everything so far. */
function toldAgain(before: Log): Event[] {
  const range = { firstSequence: before.sequence + 1, lastSequence: before.sequence + 10 };
  const log = new Log(before.sequence + 10);
  log.state = before.state;
  const events: Event[] = [];
  const tell = (event: Event) => {
    events.push(event);
    log.add(event);
  };
  const current = log.state.programs.get("mood")?.versions.get(BETTER.version);
  assert.ok(current);
  tell({ kind: "registered", definition: current.definition, by: current.by });
  for (;;) {
    const data = decideVersionRenewal(log.state, "mood", range);
    if (data === undefined) break;
    tell({ kind: "version-published", data });
  }
  const wanted = decideWantedRenewal(log.state, "mood", range);
  if (wanted !== undefined) tell({ kind: "promoted", data: wanted });
  const canary = decideCanaryRenewal(log.state, "mood", range);
  if (canary !== undefined) tell({ kind: "canary-started", data: canary });
  assert.equal(decideWantedRenewal(log.state, "mood", range), undefined, "once");
  assert.equal(decideCanaryRenewal(log.state, "mood", range), undefined, "once");
  return events;
}

/** What a person sees of it. */
function shown(state: ProgramsState) {
  const program = state.programs.get("mood");
  const { current, status, wanted, canary } = program ?? {};
  const { sequence: _wanted, ...chosen } = wanted ?? { sequence: 0 };
  const { sequence: _told, timeMs: _time, ...tried } = canary ?? { sequence: 0, timeMs: 0 };
  const versions = [...(program?.published.values() ?? [])].map(({ sequence: _sequence, ...one }) => one);
  return {
    current,
    status,
    chosen,
    tried,
    versions: versions.sort((a, b) => (a.definition.version < b.definition.version ? -1 : 1)),
  };
}

test("versions - are known from what is told again alone: published, withdrawn, promoted, tried", () => {
  const before = wholeLog();
  const log = new Log(before.sequence + 10);
  for (const event of toldAgain(before)) log.add(event);
  assert.deepEqual(shown(log.state), shown(before.state));
});

test("versions - told again in whatever order the head of the log leaves them", () => {
  const before = wholeLog();
  const [registration, ...rest] = toldAgain(before);
  const published = rest.filter(({ kind }) => kind === "version-published");
  const log = new Log(before.sequence + 10);
  for (const event of published) log.add(event);
  assert.equal(log.state.programs.get("mood")?.status, "removed", "nothing can be called yet");
  log.add(registration);
  assert.deepEqual(shown(log.state).versions, shown(before.state).versions);
});

test("versions - of a young log are not told again", () => {
  const { state, sequence } = wholeLog();
  const range = { firstSequence: 1, lastSequence: sequence };
  assert.equal(decideVersionRenewal(state, "mood", range), undefined);
  assert.equal(decideWantedRenewal(state, "mood", range), undefined);
  assert.equal(decideCanaryRenewal(state, "mood", range), undefined);
});

test("a canary - is told again with its start, so that its evidence stays", () => {
  const before = wholeLog();
  const since = before.state.programs.get("mood")?.canary?.since;
  const log = new Log(before.sequence + 10);
  for (const event of toldAgain(before)) log.add(event);
  assert.equal(log.state.programs.get("mood")?.canary?.since, since);
});
