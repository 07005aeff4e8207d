// The state as plain JSON and back: for snapshots, for `policy.updated`, for hashes. Numbers keep all their bits.

import type { Detector } from "../drift/detector.ts";
import type { Sums } from "./cell.ts";
import type { ArmStatistics, LearningState, ProgramStatistics, Restart } from "./state.ts";

interface SumsJson {
  at: number;
  values: number[];
}

interface DetectorJson {
  down: number;
  up: number;
  sinceDown: number[];
  sinceUp: number[];
}

interface ArmJson {
  key: string;
  name: string;
  family: string;
  offset: number[];
  whole: SumsJson;
  kinds: (SumsJson | null)[];
  immediate: DetectorJson;
  quality: DetectorJson;
}

export interface ProgramJson {
  since: number;
  time: number;
  kinds: string[];
  arms: ArmJson[];
  counts: number[];
  squares: number[];
  errors: number[];
  rewards: number[];
  restarts: Restart[];
}

export interface LearningJson {
  sequence: number;
  programs: [string, ProgramJson][];
  families: [string, number[]][];
  validated: [sequence: number, quality: number, time: number][];
}

/** The same state gives the same text. */
export function stateToJson(state: LearningState): LearningJson {
  return {
    sequence: state.sequence,
    programs: [...state.programs].map(([name, program]) => [name, programToJson(program)]),
    families: [...state.families].map(([name, sums]) => [name, [...sums]]),
    validated: [...state.validated].map(([sequence, { quality, time }]) => [sequence, quality, time]),
  };
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: LearningJson): LearningState {
  let entries = 0;
  for (const [, { arms }] of json.programs) {
    for (const { kinds } of arms) entries += 1 + kinds.filter((block) => block !== null).length;
  }
  return {
    sequence: json.sequence,
    programs: new Map(json.programs.map(([name, program]) => [name, programFromJson(program)])),
    families: new Map(json.families.map(([name, sums]) => [name, Float64Array.from(sums)])),
    entries,
    validated: new Map(json.validated.map(([sequence, quality, time]) => [sequence, { quality, time }])),
  };
}

function programToJson(program: ProgramStatistics): ProgramJson {
  const { since, time, kinds, arms, counts, squares, errors, rewards, restarts } = program;
  return {
    since,
    time,
    kinds: [...kinds.keys()],
    arms: [...arms.values()].map(armToJson),
    counts: [...counts],
    squares: [...squares],
    errors: [...errors],
    rewards: [...rewards],
    restarts: restarts.map((one) => ({ ...one })),
  };
}

function programFromJson(json: ProgramJson): ProgramStatistics {
  return {
    since: json.since,
    time: json.time,
    kinds: new Map(json.kinds.map((kind, index) => [kind, index])),
    arms: new Map(json.arms.map((arm) => [arm.key, armFromJson(arm)])),
    counts: Float64Array.from(json.counts),
    squares: Float64Array.from(json.squares),
    errors: Float64Array.from(json.errors),
    rewards: Float64Array.from(json.rewards),
    restarts: json.restarts,
  };
}

function armToJson(arm: ArmStatistics): ArmJson {
  return {
    key: arm.key,
    name: arm.name,
    family: arm.family,
    offset: [...arm.offset],
    whole: sumsToJson(arm.whole),
    kinds: arm.kinds.map((block) => (block === undefined ? null : sumsToJson(block))),
    immediate: detectorToJson(arm.immediate),
    quality: detectorToJson(arm.quality),
  };
}

function armFromJson(json: ArmJson): ArmStatistics {
  return {
    key: json.key,
    name: json.name,
    family: json.family,
    offset: Float64Array.from(json.offset),
    whole: sumsFromJson(json.whole),
    kinds: json.kinds.map((block) => (block === null ? undefined : sumsFromJson(block))),
    immediate: detectorFromJson(json.immediate),
    quality: detectorFromJson(json.quality),
  };
}

function sumsToJson({ at, values }: Sums): SumsJson {
  return { at, values: [...values] };
}

function sumsFromJson({ at, values }: SumsJson): Sums {
  return { at, values: Float64Array.from(values) };
}

function detectorToJson({ down, up, sinceDown, sinceUp }: Detector): DetectorJson {
  return { down, up, sinceDown: [...sinceDown], sinceUp: [...sinceUp] };
}

function detectorFromJson({ down, up, sinceDown, sinceUp }: DetectorJson): Detector {
  return { down, up, sinceDown: Float64Array.from(sinceDown), sinceUp: Float64Array.from(sinceUp) };
}
