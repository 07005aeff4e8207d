// Where a model leans when it chooses by likelihood: the mean log-probability of each label over past inputs. An adapter
// subtracts it, so that a label counts by what the input adds to it.

import type { Calibration } from "../../../schemas/messages/policy-event.ts";
import { recent } from "../fold/recent.ts";

export const CALIBRATION_BOUNDS = {
  /** Least recently used out. */
  programs: 1_000,
  arms: 16,
  labels: 64,
  labelLength: 128,
} as const;

/** Inputs that a mean is worth at most. */
const WEIGHT = 1_000;

interface Leaning {
  count: number;
  /** By label: its mean and over how many inputs. */
  labels: Map<string, { mean: number; count: number }>;
}

export type CalibrationState = Map<string, Map<string, Leaning>>;

export function newCalibrations(): CalibrationState {
  return new Map();
}

export function observeLabels(
  state: CalibrationState,
  program: string,
  arm: string,
  scores: Readonly<Record<string, number>>,
): void {
  const { programs, arms, labels, labelLength } = CALIBRATION_BOUNDS;
  const byArm = recent(state, program, programs, () => new Map<string, Leaning>());
  const leaning = recent(byArm, arm, arms, (): Leaning => ({ count: 0, labels: new Map() }));
  leaning.count++;
  for (const [label, score] of Object.entries(scores)) {
    if (label.length > labelLength || !Number.isFinite(score)) continue;
    const known = recent(leaning.labels, label, labels, () => ({ mean: 0, count: 0 }));
    known.count = Math.min(known.count + 1, WEIGHT);
    known.mean += (score - known.mean) / known.count;
  }
}

export function calibrationOfArm(
  state: CalibrationState,
  program: string,
  arm: string,
): Calibration | undefined {
  const leaning = state.get(program)?.get(arm);
  if (leaning === undefined) return undefined;
  const { count, labels } = leaning;
  return { arm, count, means: Object.fromEntries([...labels].map(([label, { mean }]) => [label, mean])) };
}

type LeaningJson = [arm: string, count: number, labels: [label: string, mean: number, count: number][]];
export type CalibrationJson = [program: string, arms: LeaningJson[]][];

export function calibrationsToJson(state: CalibrationState): CalibrationJson {
  return [...state].map(([program, arms]) => [
    program,
    [...arms].map(([arm, { count, labels }]): LeaningJson => {
      return [arm, count, [...labels].map(([label, known]) => [label, known.mean, known.count])];
    }),
  ]);
}

export function calibrationsFromJson(json: CalibrationJson): CalibrationState {
  return new Map(
    json.map(([program, arms]) => [
      program,
      new Map(
        arms.map(([arm, count, labels]) => [
          arm,
          { count, labels: new Map(labels.map(([label, mean, n]) => [label, { mean, count: n }])) },
        ]),
      ),
    ]),
  );
}
