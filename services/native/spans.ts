// How the native worker's spans look: a consumer of work, child of the router's span and linked to it; a model call.

import { SpanKind } from "@opentelemetry/api";
import {
  ATTRIBUTE,
  extract,
  messagingAttributes,
  parseTraceparent,
  type SpanSettings,
} from "../../observability/mod.ts";
import type { Model } from "../../schemas/config/models.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { workSubject } from "../../schemas/subjects.ts";
import type { WorkerName } from "./outcome-message.ts";

export function processSpan(
  work: Work,
  traceparent: string | undefined,
  { pool, worker }: WorkerName,
): SpanSettings {
  const parent = parseTraceparent(traceparent);
  return {
    kind: SpanKind.CONSUMER,
    parent: extract(traceparent),
    links: parent === undefined ? [] : [{ context: parent }],
    attributes: {
      ...messagingAttributes("process", workSubject(pool), workSubject(pool)),
      [ATTRIBUTE.requestId]: work.id,
      [ATTRIBUTE.program]: work.program,
      [ATTRIBUTE.implementation]: work.implementation,
      [ATTRIBUTE.attempt]: work.attempt,
      [ATTRIBUTE.pool]: pool,
      [ATTRIBUTE.worker]: worker,
    },
  };
}

export function chatSpan(model: Model): SpanSettings {
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTRIBUTE.genAiOperation]: "chat",
      [ATTRIBUTE.genAiProvider]: model.provider,
      [ATTRIBUTE.genAiRequestModel]: model.model,
    },
  };
}
