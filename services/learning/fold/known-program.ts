// A program as the learning service has to know it: its arms in declared order, and what it prefers.

import type { RewardWeights } from "../../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import { poolOf } from "../../router/pool-of.ts";
import { weightsOf } from "../../router/question.ts";
import { armsOf } from "../statistics/arms.ts";
import { loadBucket } from "../statistics/cell.ts";

export interface KnownArm {
  key: string;
  name: string;
  lastResort: boolean;
  /** Where it runs; "" = in the router itself, where nothing waits. */
  pool: string;
}

export interface KnownProgram {
  arms: KnownArm[];
  weights: RewardWeights;
}

export function knownProgram(definition: ProgramDefinition): KnownProgram {
  const keys = armsOf(definition);
  return {
    arms: definition.implementations.map((implementation, at) => ({
      key: keys[at]?.key ?? "",
      name: implementation.name,
      lastResort: implementation.lastResort === true,
      pool: implementation.kind === "native" ? "" : poolOf(implementation),
    })),
    weights: weightsOf(definition, {}),
  };
}

/** The load bucket of an arm, as the router that counted so much unfinished work saw it. */
export function loadOf({ pool }: KnownArm, inFlight: Readonly<Record<string, number>>): number {
  return pool === "" ? 0 : loadBucket(inFlight[pool] ?? 0);
}
