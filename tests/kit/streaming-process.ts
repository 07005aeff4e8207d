// The inside of a process that streams: the TypeScript worker, or a gateway.

import { pino } from "pino";
import type { Models } from "../../schemas/config/models.ts";
import { startGateway } from "../../services/gateway/main.ts";
import { startNative } from "../../services/native/main.ts";
import { childSettings, tellStarter } from "./child-process.ts";

export interface StreamingProcessSettings {
  part: "native" | "gateway";
  instance: number;
  natsUrl: string;
  password: string;
  models: Models;
}

const { part, models, ...rest } = childSettings<StreamingProcessSettings>();
const level = process.env.DSPEX_TEST_LOG ?? "silent";
const settings = { ...rest, role: part, logger: pino({ level }, pino.destination(2)) };
if (part === "native") await startNative(settings, { models, slots: 8 });
else await startGateway(settings);
tellStarter({ ready: true });
