// Wires the pipelines service: fold, runs, timers and their part of the API.

import { VALUE_BUCKET } from "../../schemas/subjects.ts";
import { serve } from "../bus/micro-service.ts";
import type { Part, PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { startLogPart } from "../log/start-part.ts";
import { type PipelinesConfig, pipelinesConfigSchema } from "./config.ts";
import { pipelineEndpoints } from "./serve.ts";
import { PipelinesShell } from "./shell.ts";

export interface PipelinesOptions {
  config?: Partial<PipelinesConfig>;
}

export function startPipelines(settings: PartSettings, options: PipelinesOptions = {}): Promise<Part> {
  const config = pipelinesConfigSchema.parse(options.config ?? {});
  return startLogPart(settings, async (part) => {
    const { connection, reader } = part;
    const shell = new PipelinesShell({ ...part, values: await part.bucket(VALUE_BUCKET), config });
    part.stopsWith(shell);
    await shell.start();
    const { commands, fold, watchers } = shell;
    const service = await serve(
      connection,
      { name: "dspex-pipelines", version: VERSION, description: "pipelines: definitions and runs" },
      pipelineEndpoints({ commands, fold, watchers, reader }),
    );
    part.stopsWith(service);
  });
}
