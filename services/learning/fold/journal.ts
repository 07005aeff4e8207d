// What is to be written, and what has been. Points at which a policy is due follow from the log alone, and each has its
// number; of what is due and not in the log only the newest is written, so that a service that was away writes once.
//
//   outcome ─▶ due? ─▶ pending = content as of this outcome ─▶ (decide) append ─▶ the event comes back ─▶ published

import type { PolicyDrift, PolicyUpdated } from "../../../schemas/messages/policy-event.ts";
import type { PolicyEvent } from "../policy/event.ts";

export const JOURNAL_BOUNDS = {
  /** Programs that changed since they were published; those beyond it wait for their next outcome. */
  dirty: 2_000,
  /** Changes of arms that are not in the log yet. */
  drifts: 256,
  /** Published versions that can be shown, by where they are in the log. */
  versions: 1_024,
  /** Versions in which one program was published. */
  versionsOfProgram: 64,
  /** Promotions, roll backs, freezes and changes of arms that `policy.list` tells of. */
  turns: 64,
} as const;

/** Log time between two due points: many outcomes, or any. */
const SHORT_MS = 500;
const MANY = 20;
const LONG_MS = 5_000;

export interface Published {
  version: number;
  sequence: number;
  timeMs: number;
  coveredSequence: number;
}

/** An event that changed more than statistics. */
export interface Turn {
  sequence: number;
  timeMs: number;
  verb: "promoted" | "rolled-back" | "frozen" | "drift-detected";
  /** Policy version in force. */
  version: number;
  by?: string;
  what: string;
}

export interface JournalState {
  /** Outcomes that were learned, in all and since the newest due point. */
  outcomes: number;
  since: number;
  due: { version: number; timeMs: number };
  /** Programs that changed → sequence of their newest change; those that wait longest first. */
  dirty: Map<string, number>;
  /** Of the newest due point, while it is not in the log. */
  pending: PolicyUpdated | undefined;
  /** Newest policy event, of any kind: appending is conditional on it. */
  sequence: number;
  drifts: PolicyDrift[];
  /** Oldest first. */
  versions: Published[];
  /** By program: numbers of the versions that tell of it, oldest first. */
  ofProgram: Map<string, number[]>;
  turns: Turn[];
}

export function newJournal(): JournalState {
  return {
    outcomes: 0,
    since: 0,
    due: { version: 0, timeMs: 0 },
    dirty: new Map(),
    pending: undefined,
    sequence: 0,
    drifts: [],
    versions: [],
    ofProgram: new Map(),
    turns: [],
  };
}

/** The program is not what was published of it. */
export function markDirty(journal: JournalState, program: string, sequence: number): void {
  journal.dirty.set(program, sequence);
  if (journal.dirty.size > JOURNAL_BOUNDS.dirty) {
    journal.dirty.delete(journal.dirty.keys().next().value as string);
  }
}

/** Counts an outcome; whether a policy is due with it. */
export function countOutcome(journal: JournalState, timeMs: number): boolean {
  journal.outcomes++;
  journal.since++;
  const passed = timeMs - journal.due.timeMs;
  if (passed < LONG_MS && (passed < SHORT_MS || journal.since < MANY)) return false;
  journal.since = 0;
  journal.due = { version: journal.due.version + 1, timeMs };
  return true;
}

export function rememberDrift(journal: JournalState, drift: PolicyDrift): void {
  journal.drifts.push(drift);
  if (journal.drifts.length > JOURNAL_BOUNDS.drifts) journal.drifts.shift();
}

/** `version` = of the policy in force after the event. */
export function rememberPolicyEvent(
  journal: JournalState,
  event: PolicyEvent,
  version: number,
  timeMs: number,
): void {
  journal.sequence = event.sequence;
  const at = { sequence: event.sequence, timeMs, version };
  switch (event.kind) {
    case "policy-updated":
      published(journal, event.updated, event.sequence, timeMs);
      return;
    case "policy-drift-detected": {
      const { program, arm, channel, direction, sequence } = event.drift;
      journal.drifts = journal.drifts.filter(
        (one) => one.sequence !== sequence || one.arm !== arm || one.channel !== channel,
      );
      turn(journal, { ...at, verb: "drift-detected", what: `${program}: ${arm} ${direction} (${channel})` });
      return;
    }
    case "policy-promoted":
    case "policy-rolled-back": {
      const { from, to, by } = event.change;
      const verb = event.kind === "policy-promoted" ? "promoted" : "rolled-back";
      turn(journal, { ...at, verb, by, what: `${from.name} → ${to.name}` });
      return;
    }
    case "policy-frozen": {
      const { program, frozen, by } = event.frozen;
      turn(journal, {
        ...at,
        verb: "frozen",
        by,
        what: `${program ?? "all"}: ${frozen ? "frozen" : "thawed"}`,
      });
      return;
    }
    default: {
      const unknown: never = event;
      void unknown;
    }
  }
}

function published(journal: JournalState, updated: PolicyUpdated, sequence: number, timeMs: number): void {
  const { version, coveredSequence, programs } = updated;
  // No more than this in a whole log; where its head was cut, counting goes on from what it tells.
  journal.due.version = Math.max(journal.due.version, version);
  if (journal.pending !== undefined && journal.pending.version <= version) journal.pending = undefined;
  journal.versions.push({ version, sequence, timeMs, coveredSequence });
  if (journal.versions.length > JOURNAL_BOUNDS.versions) journal.versions.shift();
  for (const { program } of programs) {
    const changed = journal.dirty.get(program);
    journal.dirty.delete(program);
    if (changed !== undefined && changed > coveredSequence) journal.dirty.set(program, changed);
    const versions = journal.ofProgram.get(program) ?? [];
    versions.push(version);
    if (versions.length > JOURNAL_BOUNDS.versionsOfProgram) versions.shift();
    journal.ofProgram.delete(program);
    journal.ofProgram.set(program, versions);
    if (journal.ofProgram.size > JOURNAL_BOUNDS.dirty) {
      journal.ofProgram.delete(journal.ofProgram.keys().next().value as string);
    }
  }
}

function turn(journal: JournalState, one: Turn): void {
  journal.turns.push(one);
  if (journal.turns.length > JOURNAL_BOUNDS.turns) journal.turns.shift();
}

export interface JournalJson extends Omit<JournalState, "dirty" | "pending" | "ofProgram"> {
  dirty: [string, number][];
  pending?: PolicyUpdated;
  ofProgram: [string, number[]][];
}

export function journalToJson({ dirty, pending, ofProgram, ...rest }: JournalState): JournalJson {
  return {
    ...rest,
    dirty: [...dirty],
    ofProgram: [...ofProgram],
    ...(pending !== undefined && { pending }),
  };
}

export function journalFromJson({ dirty, pending, ofProgram, ...rest }: JournalJson): JournalState {
  return { ...rest, dirty: new Map(dirty), ofProgram: new Map(ofProgram), pending };
}
