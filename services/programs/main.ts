// Wires the registry of programs: fold, API, the modules of pools, and what the application's configuration declares.

import type { Models } from "../../schemas/config/models.ts";
import type { ProgramDeclaration } from "../../schemas/messages/program-event.ts";
import { ARTIFACT_BUCKET } from "../../schemas/subjects.ts";
import { serve } from "../bus/micro-service.ts";
import type { Part, PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { startLogPart } from "../log/start-part.ts";
import { NO_MODELS } from "./capabilities.ts";
import { definitionWith } from "./definition.ts";
import { startSettler } from "./optimize/settle.ts";
import { servePoolModules } from "./pool-modules.ts";
import { Registry } from "./registry.ts";
import { programEndpoints } from "./serve.ts";
import { CanaryWatch } from "./versions/canary/watch.ts";

export interface ProgramsOptions {
  /** Programs of the application's configuration; registered at the start where they are new or changed. */
  declarations: readonly ProgramDeclaration[];
  /** What they can do is registered with the programs that call them. */
  models?: Models;
}

/** @throws DspexError `invalid_inputs` when a declaration does not fit. */
export async function startPrograms(settings: PartSettings, options: ProgramsOptions): Promise<Part> {
  const define = definitionWith(options.models ?? NO_MODELS);
  const definitions = options.declarations.map(define);
  return startLogPart(settings, async (part) => {
    const { connection, appender, reader, source } = part;
    const registry = new Registry(part);
    part.stopsWith(registry);
    await registry.start();
    await registry.declare(definitions);
    const canaries = new CanaryWatch({ ...part, registry });
    const service = await serve(
      connection,
      { name: "dspex-programs", version: VERSION, description: "registry of programs, feedback" },
      programEndpoints({ registry, appender, reader, source, canaries, define }),
    );
    part.stopsWith(service);
    part.stopsWith(canaries.following.start());
    const artifacts = await part.bucket(ARTIFACT_BUCKET);
    part.stopsWith(startSettler({ ...part, registry, artifacts, define }));
    part.stopsWith(await servePoolModules(connection, { ...part, registry, define }));
  });
}
