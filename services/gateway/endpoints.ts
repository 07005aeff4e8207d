// The gateway's part of the API: each verb and who answers it.

import { apiPattern } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { Endpoint } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import { writeChunks } from "./chunks.ts";
import { answerCancel, answerResult } from "./finished.ts";
import type { LiveEvents } from "./live-events.ts";
import type { RequestLookup } from "./lookup.ts";
import { writeObserved } from "./observe.ts";
import type { GatewayRequests } from "./requests.ts";
import { writeStory } from "./story.ts";
import type { Uploads } from "./uploads.ts";

export interface GatewayParts {
  connection: NatsConnection;
  appender: Appender;
  reader: LogReader;
  chunks: LogReader;
  requests: GatewayRequests;
  lookup: RequestLookup;
  live: LiveEvents;
  uploads: Uploads;
  source: string;
}

export function gatewayEndpoints(parts: GatewayParts): Endpoint[] {
  const { connection, appender, reader, chunks, requests, lookup, live, uploads, source } = parts;
  return [
    { name: "call", subject: apiPattern("call.*"), answer: (r) => requests.answerCall(r) },
    { name: "submit", subject: apiPattern("submit.*"), answer: (r) => requests.answerSubmit(r) },
    { name: "result", subject: apiPattern("result.>"), answer: (r) => answerResult(r, lookup) },
    {
      name: "cancel",
      subject: apiPattern("cancel.>"),
      answer: (r) => answerCancel(r, lookup, appender, source),
    },
    { name: "object-put", subject: apiPattern("object.put"), answer: (r) => uploads.put(r) },
    {
      name: "object-put-piece",
      subject: apiPattern(`object.put.${uploads.name}.*.*`),
      answer: (r) => uploads.put(r),
    },
    // No gateway has given out such a name.
    { name: "object-put-unknown", subject: apiPattern("object.put.*.*"), answer: (r) => uploads.put(r) },
    { name: "object-get", subject: apiPattern("object.get"), write: (r, writer) => uploads.get(r, writer) },
    {
      name: "log",
      subject: apiPattern("log.>"),
      write: (r, writer) => writeStory(r, writer, lookup, reader),
    },
    {
      name: "observe",
      subject: apiPattern("observe"),
      write: (r, writer) => writeObserved(r, writer, { reader, live }),
    },
    {
      name: "chunks",
      subject: apiPattern("chunks.>"),
      write: (r, writer) => writeChunks(r, writer, { connection, chunks, lookup }),
    },
  ];
}
