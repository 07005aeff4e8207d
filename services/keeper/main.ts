// Wires the keeper as a part of a process: connection under the role `setup`, notices into the log.

import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import type { KeeperOptions } from "./config.ts";
import { Keeper, type KeeperNotice } from "./keep.ts";

export interface KeeperPart extends Part {
  readonly keeper: Keeper;
}

/** @throws ConfigurationDiffers when a live stream or consumer is not what the code relies on. */
export async function startKeeper(
  settings: Omit<PartSettings, "role">,
  options?: KeeperOptions,
): Promise<KeeperPart> {
  const { logger } = settings;
  const connection = await connectPart({ ...settings, role: "setup" });
  const onNotice = (notice: KeeperNotice): void => {
    if (notice.status === "failed") logger.error({ err: notice.error, doing: notice.doing }, "keeper failed");
    else if (notice.status === "held") logger.warn(notice, "the log is nearly full and cannot be cut");
    else if (notice.status === "workers")
      logger.warn(notice, "more workers of a pool beat than are configured here: they have consumers now");
    else logger.info(notice, "cut the head of the log");
  };
  try {
    const keeper = await Keeper.start({ connection, onNotice, ...(options !== undefined && { options }) });
    return {
      name: "keeper",
      keeper,
      async stop() {
        await keeper.stop();
        await connection.drain();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
