// The learning service's state as plain JSON and back: for snapshots, and for `dspex replay`.

import {
  type CalibrationJson,
  calibrationsFromJson,
  calibrationsToJson,
} from "../calibrations/calibrations.ts";
import { type ContestJson, contestFromJson, contestToJson } from "../contest/state.ts";
import { type FiguresJson, figuresFromJson, figuresToJson } from "../figures/figures.ts";
import { type HistoryJson, historyFromJson, historyToJson } from "../history/windows.ts";
import type { Change } from "../patterns/changes.ts";
import { type FailingJson, failingFromJson, failingToJson } from "../patterns/failing-inputs.ts";
import { type HoursJson, hoursFromJson, hoursToJson } from "../patterns/hours.ts";
import { type PolicyJson, policyFromJson, policyToJson } from "../policy/state.ts";
import {
  type LearningJson,
  stateFromJson as learningFromJson,
  stateToJson as learningToJson,
} from "../statistics/json.ts";
import { type JournalJson, journalFromJson, journalToJson } from "./journal.ts";
import type { KnownProgram } from "./known-program.ts";
import type { LearnerState } from "./state.ts";

export interface LearnerJson {
  sequence: number;
  timeMs: number;
  programs: [string, KnownProgram][];
  learning: LearningJson;
  policy: PolicyJson;
  figures: FiguresJson;
  history: HistoryJson;
  changes: [string, Change[]][];
  failing: FailingJson;
  hours: HoursJson;
  calibrations: CalibrationJson;
  contest: ContestJson;
  journal: JournalJson;
}

/** The same state gives the same text. */
export function stateToJson(state: LearnerState): LearnerJson {
  return {
    sequence: state.sequence,
    timeMs: state.timeMs,
    programs: [...state.programs],
    learning: learningToJson(state.learning),
    policy: policyToJson(state.policy),
    figures: figuresToJson(state.figures),
    history: historyToJson(state.history),
    changes: [...state.changes],
    failing: failingToJson(state.failing),
    hours: hoursToJson(state.hours),
    calibrations: calibrationsToJson(state.calibrations),
    contest: contestToJson(state.contest),
    journal: journalToJson(state.journal),
  };
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: LearnerJson): LearnerState {
  return {
    sequence: json.sequence,
    timeMs: json.timeMs,
    programs: new Map(json.programs),
    learning: learningFromJson(json.learning),
    policy: policyFromJson(json.policy),
    figures: figuresFromJson(json.figures),
    history: historyFromJson(json.history),
    changes: new Map(json.changes),
    failing: failingFromJson(json.failing),
    hours: hoursFromJson(json.hours),
    calibrations: calibrationsFromJson(json.calibrations),
    contest: contestFromJson(json.contest),
    journal: journalFromJson(json.journal),
  };
}
