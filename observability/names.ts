// Names of services, spans and attributes: one file, because the semantic conventions still move and every reader
// (Jaeger queries, dashboards, tests) relies on the exact spelling.

import { requestSubject, workSubject } from "../schemas/subjects.ts";

/** A tracer is asked for by the part's name; what is exported under `service.name` is this. */
export function serviceName(part: string): string {
  return `dspex-${part}`;
}

/** Spans, named by what happens; the program or pool is an attribute and the last word only where it is bounded. */
export const SPAN = {
  /** A client or the gateway sends a request. */
  submit: (program: string) => `submit ${program}`,
  /** A router decides on it. */
  route: (program: string) => `route ${program}`,
  /** A router sends work. */
  dispatch: (pool: string) => `dispatch ${pool}`,
  /** A worker of any pool works on it; spelled alike in Python. */
  process: (program: string) => `process ${program}`,
  /** A router runs a native function. */
  run: (implementation: string) => `run ${implementation}`,
  /** A run of a pipeline, from its start to its end: the requests of its stages are its children. */
  pipeline: (pipeline: string) => `pipeline ${pipeline}`,
  chat: (model: string) => `chat ${model}`,
} as const;

export const ATTRIBUTE = {
  requestId: "dspex.request.id",
  requestSequence: "dspex.request.sequence",
  program: "dspex.program",
  version: "dspex.program.version",
  implementation: "dspex.implementation",
  attempt: "dspex.attempt",
  status: "dspex.status",
  /** One of the closed list of codes. */
  errorType: "error.type",
  pool: "dspex.pool",
  worker: "dspex.worker",
  user: "dspex.user",
  stateSequence: "dspex.decision.state_sequence",
  policyVersion: "dspex.decision.policy_version",
  fallbackReason: "dspex.fallback_reason",
  pipeline: "dspex.pipeline",
  pipelineRun: "dspex.pipeline.run",
  delivery: "dspex.delivery",

  messagingSystemName: "messaging.system.name",
  /** The older spelling, which Python's conventions still have; both are sent. */
  messagingSystem: "messaging.system",
  messagingOperationName: "messaging.operation.name",
  /** `send`, `receive`, `process` or `settle`. */
  messagingOperationType: "messaging.operation.type",
  messagingDestination: "messaging.destination.name",
  messagingDestinationTemplate: "messaging.destination.template",
  messagingConsumerGroup: "messaging.consumer.group.name",
  messagingMessageId: "messaging.message.id",

  genAiOperation: "gen_ai.operation.name",
  genAiProvider: "gen_ai.provider.name",
  genAiRequestModel: "gen_ai.request.model",
  genAiResponseModel: "gen_ai.response.model",
  genAiInputTokens: "gen_ai.usage.input_tokens",
  genAiOutputTokens: "gen_ai.usage.output_tokens",
  genAiConversation: "gen_ai.conversation.id",
} as const;

export const MESSAGING_SYSTEM = "nats";

/** Subjects with names in place of the tokens that differ from one message to the next. */
export const TEMPLATE = {
  request: requestSubject("user", "program").replace("user", "{user}").replace("program", "{program}"),
  work: workSubject("pool", "worker").replace("pool", "{pool}").replace("worker", "{worker}"),
} as const;

/** Attributes of a span that sends a message to a subject, or processes one from it. */
export function messagingAttributes(
  operation: "send" | "process",
  subject: string,
  template: string,
): Record<string, string> {
  return {
    [ATTRIBUTE.messagingSystemName]: MESSAGING_SYSTEM,
    [ATTRIBUTE.messagingSystem]: MESSAGING_SYSTEM,
    [ATTRIBUTE.messagingOperationName]: operation === "send" ? "publish" : "process",
    [ATTRIBUTE.messagingOperationType]: operation,
    [ATTRIBUTE.messagingDestination]: subject,
    [ATTRIBUTE.messagingDestinationTemplate]: template,
  };
}

/** Further attributes of a message that came from a consumer of the log. */
export function deliveryAttributes(consumer: string, sequence: number): Record<string, string> {
  return {
    [ATTRIBUTE.messagingConsumerGroup]: consumer,
    [ATTRIBUTE.messagingMessageId]: String(sequence),
  };
}

/** `gen_ai.provider.name` of a model's provider: the AI SDK's package names have a prefix. */
export function providerName(provider: string): string {
  return provider.replace(/^@ai-sdk\//, "");
}
