// Names of services, spans and attributes: one file, because the semantic conventions still move and every reader
// (Jaeger queries, dashboards, tests) relies on the exact spelling.

/** A tracer is asked for by the part's name; what is exported under `service.name` is this. */
export function serviceName(part: string): string {
  return `dspex-${part}`;
}

/** Spans, named by what happens; the program or pool is an attribute and the last word only where it is bounded. */
export const SPAN = {
  submit: (program: string) => `submit ${program}`,
  route: (program: string) => `route ${program}`,
  dispatch: (pool: string) => `dispatch ${pool}`,
  run: (implementation: string) => `run ${implementation}`,
  chat: (model: string) => `chat ${model}`,
  append: "append",
  api: (verb: string) => `api ${verb}`,
} as const;

export const ATTRIBUTE = {
  requestId: "dspex.request.id",
  requestSequence: "dspex.request.sequence",
  program: "dspex.program",
  version: "dspex.program.version",
  implementation: "dspex.implementation",
  attempt: "dspex.attempt",
  status: "dspex.status",
  errorCode: "dspex.error.code",
  pool: "dspex.pool",
  worker: "dspex.worker",
  user: "dspex.user",
  session: "dspex.session",
  stateSequence: "dspex.decision.state_sequence",
  policyVersion: "dspex.decision.policy_version",
  fallbackReason: "dspex.fallback_reason",

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
  /** Content of prompts and completions: personal data, only where a user opts in. */
  genAiInputMessages: "gen_ai.input.messages",
  genAiOutputMessages: "gen_ai.output.messages",
} as const;

export const MESSAGING_SYSTEM = "nats";

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
