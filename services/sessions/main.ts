// Wires the sessions service: its fold, what it writes by itself, its timers, and what it answers.

import { VALUE_BUCKET } from "../../schemas/subjects.ts";
import { serve } from "../bus/micro-service.ts";
import type { Part, PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { startLogPart } from "../log/start-part.ts";
import { type SessionsConfig, sessionsConfigSchema } from "./config.ts";
import { sessionEndpoints } from "./serve.ts";
import { SessionsShell } from "./shell.ts";

export interface SessionsOptions {
  config?: Partial<SessionsConfig>;
}

export function startSessions(settings: PartSettings, options: SessionsOptions = {}): Promise<Part> {
  const config = sessionsConfigSchema.parse(options.config ?? {});
  return startLogPart(settings, async (part) => {
    const { connection, reader } = part;
    const shell = new SessionsShell({ ...part, values: await part.bucket(VALUE_BUCKET), config });
    part.stopsWith(shell);
    await shell.start();
    const { commands, fold } = shell;
    const service = await serve(
      connection,
      { name: "dspex-sessions", version: VERSION, description: "conversations: context, turns, forks" },
      sessionEndpoints({ commands, fold, reader, config }),
    );
    part.stopsWith(service);
  });
}
