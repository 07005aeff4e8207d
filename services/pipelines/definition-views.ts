// Definitions as the API tells them. Pure, but for what the fold knows.

import { DspexError } from "../../schemas/errors.ts";
import { formatSignature } from "../../schemas/signature/format.ts";
import type { PipelineDetails, PipelineInfo } from "../client/pipelines/answers.ts";
import {
  compiledVersion,
  findPipeline,
  findVersion,
  PIPELINES_BOUNDS,
  type PipelinesState,
  SHARED,
} from "./state.ts";

/** The user's own and everybody's, by name. */
export function listPipelines(state: PipelinesState, user: string): PipelineInfo[] {
  const items: PipelineInfo[] = [];
  for (const known of state.pipelines.values()) {
    const newest = known.versions.at(-1);
    if (newest === undefined || (known.owner !== user && known.owner !== SHARED)) continue;
    const { definition, signature, stages } = compiledVersion(state, newest.version);
    items.push({
      name: known.name,
      owner: known.owner,
      version: newest.version,
      versions: known.versions.length,
      ...(definition.description !== undefined && { description: definition.description }),
      signature: formatSignature(signature),
      registeredAt: new Date(newest.timeMs).toISOString(),
      stages: stages.length,
    });
    if (items.length >= 2 * PIPELINES_BOUNDS.pipelines) break;
  }
  return items.sort((a, b) => (a.name < b.name ? -1 : a.name === b.name ? 0 : 1));
}

/** @throws DspexError `not_found`, `unknown_version` */
export function describePipeline(
  state: PipelinesState,
  user: string,
  name: string,
  version: string | undefined,
): PipelineDetails {
  const known = findPipeline(state, user, name);
  if (known === undefined) throw new DspexError("not_found", `no pipeline "${name}"`, { path: "name" });
  const one = findVersion(known, version);
  if (one === undefined)
    throw new DspexError("unknown_version", `pipeline "${name}" has no version "${version}"`, {
      path: "version",
    });
  const { definition, signature } = compiledVersion(state, one.version);
  return {
    name,
    owner: known.owner,
    version: one.version,
    definition,
    signature: formatSignature(signature),
    versions: known.versions.map(({ version: of, by, timeMs }) => ({
      version: of,
      by,
      registeredAt: new Date(timeMs).toISOString(),
    })),
  };
}
