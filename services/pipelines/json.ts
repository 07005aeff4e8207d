// The state as JSON and back: as one text in pieces, one run after the other, so that a snapshot holds nobody up.

import { stringifyChecked } from "../../schemas/envelope/json.ts";
import { type Run, runFromJson, runToJson } from "./run/state.ts";
import {
  type EndedRun,
  initialState,
  type KnownPipeline,
  type KnownProgram,
  keyOf,
  type PipelinesState,
} from "./state.ts";

/** What was known at one moment. */
export interface FrozenState {
  sequence: number;
  timeMs: number;
  programs: [string, unknown][];
  pipelines: KnownPipeline[];
  definitions: [string, unknown][];
  /** As JSON already: runs are changed in place. */
  runs: unknown[];
  ended: EndedRun[];
}

export function freeze(state: PipelinesState): FrozenState {
  const { sequence, timeMs, programs, pipelines, definitions, runs, ended } = state;
  return {
    sequence,
    timeMs,
    programs: [...programs].map(([name, known]) => [name, { ...known, versions: [...known.versions] }]),
    pipelines: [...pipelines.values()],
    definitions: [...definitions].map(([version, known]) => [version, { ...known }]),
    runs: [...runs.values()].map(runToJson),
    ended: [...ended.values()],
  };
}

export function stateToJson(state: PipelinesState): unknown {
  return freeze(state);
}

const A_PIECE = 64;

/** The text of `stateToJson`, some members at a time. */
export function* textPieces(frozen: FrozenState): Generator<string> {
  yield "{";
  let isFirst = true;
  for (const [name, value] of Object.entries(frozen)) {
    yield `${isFirst ? "" : ","}"${name}":`;
    isFirst = false;
    if (!Array.isArray(value)) {
      yield stringifyChecked(value);
      continue;
    }
    yield "[";
    for (let at = 0; at < value.length; at += A_PIECE) {
      const some = value.slice(at, at + A_PIECE).map((one) => stringifyChecked(one));
      yield `${at === 0 ? "" : ","}${some.join(",")}`;
    }
    yield "]";
  }
  yield "}";
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): PipelinesState {
  const frozen = json as FrozenState;
  const runs = frozen.runs.map(runFromJson);
  return {
    ...initialState(),
    sequence: frozen.sequence,
    timeMs: frozen.timeMs,
    programs: new Map(
      (frozen.programs as [string, KnownProgram & { versions: [string, never][] }][]).map(([name, known]) => [
        name,
        { ...known, versions: new Map(known.versions) },
      ]),
    ),
    pipelines: new Map(frozen.pipelines.map((one) => [keyOf(one.owner, one.name), one])),
    definitions: new Map(frozen.definitions as [string, never][]),
    runs: new Map(runs.map((run: Run) => [keyOf(run.user, run.run), run])),
    ended: new Map(frozen.ended.map((one) => [keyOf(one.user, one.run), one])),
  };
}
