// What was published in which version: the newest as the fold has it, older ones from the log.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import {
  type ArmStanding,
  type PolicySettings,
  type PolicyUpdated,
  type ProgramPolicy,
  policyUpdatedSchema,
} from "../../schemas/messages/policy-event.ts";
import type { LogReader } from "../log/read.ts";
import type { LearnerState } from "./fold/state.ts";
import { STANDARD_SETTINGS } from "./policy/state.ts";

export interface ShownPolicy {
  version: number;
  coveredSequence: number;
  settings: PolicySettings;
  programs: ProgramPolicy[];
}

export interface Difference {
  program: string;
  task: string;
  arm: string;
  before?: ArmStanding;
  after?: ArmStanding;
}

/**
 * Everything that was known in a version; absent = the newest.
 * @throws DspexError `not_found` for a version that was never published, or that is too old.
 */
export async function policyOf(
  state: LearnerState,
  reader: LogReader,
  wanted: { version: number | undefined; program: string | undefined },
): Promise<ShownPolicy> {
  const { policy, journal } = state;
  const { version = policy.version, program } = wanted;
  const names = program === undefined ? [...policy.programs.keys()] : [program];
  if (version === policy.version) {
    const { coveredSequence, settings, programs } = policy;
    return {
      version,
      coveredSequence,
      settings,
      programs: names.flatMap((name) => programs.get(name) ?? []),
    };
  }
  if (version === 0) return { version, coveredSequence: 0, settings: STANDARD_SETTINGS, programs: [] };
  const shown = await read(state, reader, version);
  // Each version tells of the programs that had changed: of the others an earlier one does.
  const versions = names.map((name) => journal.ofProgram.get(name)?.findLast((one) => one <= version));
  const numbers = [...new Set(versions.filter((one) => one !== undefined))];
  const updates = await Promise.all(
    numbers.map((number) => (number === version ? shown : read(state, reader, number))),
  );
  const programs = names.flatMap((name, at) => {
    const updated = updates[numbers.indexOf(versions[at] as number)];
    return updated?.programs.find((one) => one.program === name) ?? [];
  });
  return { version, coveredSequence: shown.coveredSequence, settings: shown.settings, programs };
}

async function read({ journal }: LearnerState, reader: LogReader, version: number): Promise<PolicyUpdated> {
  const known = journal.versions.findLast((one) => one.version === version);
  const stored = known === undefined ? null : await reader.at(known.sequence);
  if (stored === null) {
    const [oldest] = journal.versions;
    const since = oldest === undefined ? "none was published" : `known are those from ${oldest.version} on`;
    throw new DspexError("not_found", `no policy version ${version}: ${since}`);
  }
  return policyUpdatedSchema.parse((stored.json() as CloudEvent<unknown>).data);
}

/** Standings that are not the same in both. */
export function differencesOf(before: ShownPolicy, after: ShownPolicy): Difference[] {
  const [old, fresh] = [standings(before), standings(after)];
  const differences: Difference[] = [];
  for (const [key, { program, task, standing }] of new Map([...old, ...fresh])) {
    const was = old.get(key)?.standing;
    const is = fresh.get(key)?.standing;
    if (JSON.stringify(was) === JSON.stringify(is)) continue;
    differences.push({
      program,
      task,
      arm: standing.arm,
      ...(was !== undefined && { before: was }),
      ...(is !== undefined && { after: is }),
    });
  }
  return differences;
}

function standings({ programs }: ShownPolicy) {
  const all = new Map<string, { program: string; task: string; standing: ArmStanding }>();
  for (const { program, strategies } of programs) {
    for (const { task, arms } of strategies) {
      for (const standing of arms) all.set(`${program} ${task} ${standing.arm}`, { program, task, standing });
    }
  }
  return all;
}
