// What the pipelines service knows: programs' signatures, pipelines with their versions, runs that are on, and a bounded
// list of those that have ended. Where a run has ended, the log has the rest.

import type { WireError } from "../../schemas/errors.ts";
import type { PipelineDefinition } from "../../schemas/messages/pipeline-definition.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { compile } from "./definition/compile.ts";
import type { Compiled } from "./definition/compiled.ts";
import type { Run } from "./run/state.ts";
import type { Registered } from "./run/trial.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const PIPELINES_EVOLVE_VERSION = "3";

/** Bounds of the state; together they bound the memory whatever the log holds. */
export const PIPELINES_BOUNDS = {
  /** Runs that are on; above it `run` is refused with `overloaded`. Child runs count, and are never refused. */
  runs: 10_000,
  /** Ended runs that `runs` lists; all others are found by their name. */
  ended: 10_000,
  /** Versions of one pipeline, and of one program; older ones stay in the log only. */
  versions: 32,
  /** Pipelines of one owner. */
  pipelines: 1_000,
} as const;

/** Owner of what is everybody's. */
export const SHARED = "shared";

export interface KnownProgram {
  current: string;
  /** Newest last. */
  versions: Map<string, Signature>;
}

export interface KnownVersion {
  version: string;
  by: string;
  sequence: number;
  timeMs: number;
}

export interface KnownPipeline {
  owner: string;
  name: string;
  /** Oldest first; the last is the current one. */
  versions: readonly KnownVersion[];
  /** Its last event. */
  last: number;
}

export interface EndedRun {
  user: string;
  run: string;
  pipeline: string;
  version: string;
  status: "succeeded" | "failed" | "cancelled";
  startedMs: number;
  endedMs: number;
  hash: string;
  parent?: { run: string; stage: number; n: number };
  /** Without details. */
  error?: WireError;
  /** Of `finished`. */
  sequence: number;
}

export interface PipelinesState {
  sequence: number;
  timeMs: number;
  programs: Map<string, KnownProgram>;
  pipelines: Map<string, KnownPipeline>;
  /** By version, with how many pipelines' versions and runs need it. */
  definitions: Map<string, { definition: PipelineDefinition; uses: number }>;
  runs: Map<string, Run>;
  /** Oldest first. */
  ended: Map<string, EndedRun>;
}

export function initialState(): PipelinesState {
  return {
    sequence: 0,
    timeMs: 0,
    programs: new Map(),
    pipelines: new Map(),
    definitions: new Map(),
    runs: new Map(),
    ended: new Map(),
  };
}

/** Of runs by user, and of pipelines by owner. */
export function keyOf(user: string, name: string): string {
  return `${user}/${name}`;
}

const compiledOnes = new WeakMap<PipelineDefinition, Compiled>();

export function compiledOf(definition: PipelineDefinition, version: string): Compiled {
  let compiled = compiledOnes.get(definition);
  if (compiled === undefined) {
    ({ compiled } = compile(definition, version));
    compiledOnes.set(definition, compiled);
  }
  return compiled;
}

/** @throws RangeError when the state does not have it, which no run and no version lets happen. */
export function compiledVersion(state: PipelinesState, version: string): Compiled {
  const known = state.definitions.get(version);
  if (known === undefined) throw new RangeError(`no definition ${version}`);
  return compiledOf(known.definition, version);
}

/** The user's own pipeline, or the one that is everybody's. */
export function findPipeline(state: PipelinesState, user: string, name: string): KnownPipeline | undefined {
  for (const owner of [user, SHARED]) {
    const known = state.pipelines.get(keyOf(owner, name));
    if (known !== undefined) return known;
  }
  return undefined;
}

export function findVersion(known: KnownPipeline, version: string | undefined): KnownVersion | undefined {
  return version === undefined
    ? known.versions.at(-1)
    : known.versions.find((one) => one.version === version);
}

export function registeredIn(state: PipelinesState): Registered {
  return {
    program(name, version) {
      const known = state.programs.get(name);
      const wanted = version ?? known?.current ?? "";
      const signature = known?.versions.get(wanted);
      return signature && { version: wanted, signature };
    },
    pipeline(user, name, version) {
      const known = findPipeline(state, user, name);
      const found = known === undefined ? undefined : findVersion(known, version);
      if (found === undefined) return undefined;
      const { signature } = compiledVersion(state, found.version);
      return { version: found.version, signature };
    },
  };
}
