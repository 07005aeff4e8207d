// Pure: the command line and environment of one pool process.

import type { z } from "zod";
import type { supervisorConfigSchema } from "./config.ts";
import { type ProcessCommand, SUPERVISOR_FD } from "./pool-process.ts";

export function poolCommand(
  config: z.output<typeof supervisorConfigSchema>,
  natsUrl: string,
  pool: string,
  worker: string | undefined,
  incarnation: string,
): ProcessCommand {
  const settings = config.pools.find((one) => one.pool === pool);
  const login = config.logins[pool];
  return {
    executable: config.python,
    arguments: [
      ...["-m", "dspex_pool", "--pool", pool, "--slots", String(settings?.slots ?? 1)],
      ...(worker === undefined ? ["--spare"] : ["--worker", worker]),
      ...(settings?.modules ?? []).flatMap((folder) => ["--modules", folder]),
    ],
    environment: {
      ...config.environment,
      PYTHONPATH: [config.packages, config.environment.PYTHONPATH].filter(Boolean).join(":"),
      PYTHONUNBUFFERED: "1",
      NATS_URL: natsUrl,
      ...(login !== undefined && { NATS_USER: login.user, NATS_PASSWORD: login.password }),
      DSPEX_INCARNATION: incarnation,
      DSPEX_SUPERVISOR_FD: String(SUPERVISOR_FD),
    },
  };
}
