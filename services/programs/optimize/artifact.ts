// An artifact as the optimizer pool stored it → the version that it holds. Pure but for the hash.

import { hash } from "node:crypto";
import { z } from "zod";
import { parseJson } from "../../../schemas/envelope/json.ts";
import { DspexError } from "../../../schemas/errors.ts";
import { jsonObjectSchema, tokenSchema } from "../../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import type { VersionPublished } from "../../../schemas/messages/version-event.ts";
import type { OptimizationRun } from "./state.ts";

const artifactSchema = z.looseObject({
  format: z.literal("dspex-version/1"),
  program: tokenSchema,
  parent: tokenSchema,
  declaration: jsonObjectSchema,
  optimizer: z.string(),
  metric: z.string(),
});

export interface ArtifactPlace {
  key: string;
  sha256: string;
}

/**
 * @throws DspexError `gone` where the bytes are not those that the hash is of; `invalid_inputs` where they are no version
 * of the program that was optimised.
 */
export function readArtifact(
  data: Uint8Array,
  { key, sha256 }: ArtifactPlace,
  run: OptimizationRun,
  define: (declaration: unknown) => ProgramDefinition,
): VersionPublished {
  if (hash("sha256", data, "hex") !== sha256)
    throw new DspexError("gone", `artifact "${key}" is not what its hash says`);
  const parsed = artifactSchema.safeParse(parseJson(data));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `artifact: ${issue?.message} at ${issue?.path.join(".")}`);
  }
  const { format: _format, program, parent, declaration, ...report } = parsed.data;
  const definition = define(declaration);
  if (program !== run.program || definition.name !== run.program || parent !== run.version)
    throw new DspexError(
      "invalid_inputs",
      `artifact "${key}" is of "${definition.name}" ${parent}, the run was to improve "${run.program}" ${run.version}`,
    );
  return { definition, parent, run: run.run, by: run.user, artifact: { key, sha256 }, report };
}
