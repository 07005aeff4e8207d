// The inside of a process that is a sessions service and nothing else.

import { pino } from "pino";
import type { SessionsConfig } from "../../services/sessions/config.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { childSettings, tellStarter } from "./child-process.ts";

export interface SessionsProcessSettings {
  natsUrl: string;
  password: string;
  instance: number;
  config: Partial<SessionsConfig>;
}

const { natsUrl, password, instance, config } = childSettings<SessionsProcessSettings>();
const logger = pino({ level: process.env.DSPEX_TEST_LOG ?? "warn" }, pino.destination(2));
await startSessions({ natsUrl, role: "sessions", password, instance, logger }, { config });
tellStarter({ ready: true });
