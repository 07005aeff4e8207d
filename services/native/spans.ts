// How the native worker's spans look: a consumer of work, child of the router's span and linked to it; a model call.

import { SpanKind } from "@opentelemetry/api";
import {
  ATTRIBUTE,
  deliveryAttributes,
  extract,
  messagingAttributes,
  parseTraceparent,
  providerName,
  type SpanSettings,
  TEMPLATE,
} from "../../observability/mod.ts";
import type { Model } from "../../schemas/config/models.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { parseLogSubject, workConsumer } from "../../schemas/subjects.ts";
import type { Delivery } from "../log/work.ts";
import type { WorkerName } from "./outcome-message.ts";

export function processSpan(
  work: Work,
  delivery: Delivery,
  traceparent: string | undefined,
  { pool, worker }: WorkerName,
): SpanSettings {
  const parent = parseTraceparent(traceparent);
  const addressed = parseLogSubject(delivery.subject);
  const consumer = workConsumer(pool, addressed.kind === "work" ? addressed.worker : "any");
  return {
    kind: SpanKind.CONSUMER,
    parent: extract(traceparent),
    links: parent === undefined ? [] : [{ context: parent }],
    attributes: {
      ...messagingAttributes("process", delivery.subject, TEMPLATE.work),
      ...deliveryAttributes(consumer, delivery.sequence),
      [ATTRIBUTE.requestId]: work.id,
      [ATTRIBUTE.program]: work.program,
      [ATTRIBUTE.version]: work.version,
      [ATTRIBUTE.implementation]: work.implementation,
      [ATTRIBUTE.attempt]: work.attempt,
      [ATTRIBUTE.pool]: pool,
      [ATTRIBUTE.worker]: worker,
      [ATTRIBUTE.delivery]: delivery.deliveries,
      ...(work.session !== undefined && { [ATTRIBUTE.genAiConversation]: work.session }),
    },
  };
}

export function chatSpan(model: Model): SpanSettings {
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTRIBUTE.genAiOperation]: "chat",
      [ATTRIBUTE.genAiProvider]: providerName(model.provider),
      [ATTRIBUTE.genAiRequestModel]: model.model,
    },
  };
}
