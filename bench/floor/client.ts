// The floor's client process: stores requests, awaits their results on the republished subject, checks each.

import { randomBytes } from "node:crypto";
import { serveParent } from "../kit/child-process.ts";
import { closedLoop, type LoopSettings } from "../kit/closed-loop.ts";
import { PAYLOAD_TEXT } from "../kit/payload.ts";
import {
  connectFloor,
  type FloorRequest,
  type FloorResult,
  type FloorSettings,
  LIVE_PREFIX,
  RawPublisher,
  REQUEST_SUBJECT,
} from "./wire.ts";

serveParent(async (settings: FloorSettings) => {
  const connection = await connectFloor(settings);
  const token = randomBytes(9).toString("hex");
  const requests = new RawPublisher(connection, `_INBOX.${token}`);
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  connection.subscribe(`${LIVE_PREFIX}${token}.*`, {
    callback: (_error, message) => {
      const { id, echo } = message.json<FloorResult>();
      const pending = waiting.get(id);
      waiting.delete(id);
      if (echo === PAYLOAD_TEXT) pending?.resolve();
      else pending?.reject(new Error(`wrong echo for ${id}`));
    },
  });
  await connection.flush();
  let n = 0;
  let padding = "";
  const call = (): Promise<void> => {
    const id = `${token}.${++n}`;
    const pending = Promise.withResolvers<void>();
    waiting.set(id, pending);
    const request: FloorRequest = { id, text: PAYLOAD_TEXT, ...(padding !== "" && { padding }) };
    requests.publish(REQUEST_SUBJECT, JSON.stringify(request), (error) => {
      if (error === undefined) return;
      waiting.delete(id);
      pending.reject(error);
    });
    return pending.promise;
  };
  return {
    load: (given: LoopSettings) => closedLoop(call, given),
    pad: (bytes: number) => {
      padding = "x".repeat(bytes);
    },
    stop: () => connection.drain(),
  };
});
