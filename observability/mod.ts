// The door of observability for the services: tracing, the names that it uses, and the logger.

export { createLogger, requestFields } from "./logger.ts";
export {
  ATTRIBUTE,
  deliveryAttributes,
  messagingAttributes,
  providerName,
  SPAN,
  TEMPLATE,
} from "./names.ts";
export {
  activeTraceparent,
  extract,
  formatTraceparent,
  parseTraceparent,
} from "./trace-context.ts";
export {
  failSpan,
  type SpanSettings,
  startTracing,
  type Tracing,
  withSpan,
} from "./tracing.ts";
