// An event of the log as the story has it.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import type { StoredMessage } from "../../log/read.ts";
import type { Told } from "./story.ts";

export function told<Data>(message: StoredMessage): Told<Data> {
  const { sequence, timeMs } = message;
  return { sequence, timeMs, data: (message.json() as CloudEvent<Data>).data };
}
