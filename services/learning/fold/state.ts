// What the learning service knows, all of it from the log. `evolve` changes the state in place: it is owned by one fold.

import { CALIBRATION_BOUNDS, type CalibrationState, newCalibrations } from "../calibrations/calibrations.ts";
import { CONTEST_BOUNDS, type ContestState, newContest } from "../contest/state.ts";
import { FIGURES_BOUNDS, type FiguresState, newFigures } from "../figures/figures.ts";
import { HISTORY_BOUNDS, type HistoryState, newHistory } from "../history/windows.ts";
import { CHANGES_BOUNDS, type ChangesState } from "../patterns/changes.ts";
import { FAILING_BOUNDS, type FailingState, newFailing } from "../patterns/failing-inputs.ts";
import { HOURS_BOUNDS, type HoursState, newHours } from "../patterns/hours.ts";
import { initialPolicyState, POLICY_BOUNDS, type PolicyState } from "../policy/state.ts";
import {
  initialState as initialLearning,
  LEARNING_BOUNDS,
  LEARNING_EVOLVE_VERSION,
  type LearningState,
} from "../statistics/state.ts";
import { JOURNAL_BOUNDS, type JournalState, newJournal } from "./journal.ts";
import type { KnownProgram } from "./known-program.ts";

/** Change its last part whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const LEARNER_EVOLVE_VERSION = `${LEARNING_EVOLVE_VERSION}.1`;

/** Together they bound the service's memory, whatever the log holds. */
export const LEARNER_BOUNDS = {
  statistics: LEARNING_BOUNDS,
  policy: POLICY_BOUNDS,
  figures: FIGURES_BOUNDS,
  history: HISTORY_BOUNDS,
  changes: CHANGES_BOUNDS,
  failing: FAILING_BOUNDS,
  hours: HOURS_BOUNDS,
  calibrations: CALIBRATION_BOUNDS,
  contest: CONTEST_BOUNDS,
  journal: JOURNAL_BOUNDS,
} as const;

export interface LearnerState {
  sequence: number;
  /** The log's clock, which never goes back here. */
  timeMs: number;
  /** As declared last; least recently declared first. */
  programs: Map<string, KnownProgram>;
  learning: LearningState;
  policy: PolicyState;
  figures: FiguresState;
  history: HistoryState;
  changes: ChangesState;
  failing: FailingState;
  hours: HoursState;
  calibrations: CalibrationState;
  contest: ContestState;
  journal: JournalState;
}

export function initialState(): LearnerState {
  const policy = initialPolicyState();
  return {
    sequence: 0,
    timeMs: 0,
    programs: new Map(),
    learning: initialLearning(),
    policy,
    figures: newFigures(),
    history: newHistory(),
    changes: new Map(),
    failing: newFailing(),
    hours: newHours(),
    calibrations: newCalibrations(),
    contest: newContest(policy.settings),
    journal: newJournal(),
  };
}
