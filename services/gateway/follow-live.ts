// Live events of this gateway on a follower of the log.

import { ANY_SUBJECT } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { PartSettings } from "../bus/part.ts";
import { Follower } from "../log/follow.ts";
import type { LogReader } from "../log/read.ts";
import { LiveEvents } from "./live-events.ts";
import { patternOf, wideOf } from "./observed-kinds.ts";

/** Asked for ahead; requests and results are up to half a megabyte. */
const PREFETCH = 64;

export function followLive(
  connection: NatsConnection,
  reader: LogReader,
  { instance, logger }: Pick<PartSettings, "instance" | "logger">,
): LiveEvents {
  return new LiveEvents({
    follow: (filters, fromSequence, onMessage) => {
      const follower = new Follower(connection, {
        role: "gateway",
        n: instance,
        fromSequence,
        filters,
        onMessage,
        prefetch: PREFETCH,
      });
      return { begun: follower.start(), follower };
    },
    endOfLog: async () => (await reader.last(ANY_SUBJECT))?.sequence ?? 0,
    patternOf,
    wideOf,
    logger,
  });
}
