"""Names of span attributes, spelled here and nowhere else in the pools (semantic conventions 1.45 and
gen_ai).
"""

from __future__ import annotations

from typing import Final

# The older name beside the newer one: what reads Python's spans may know either.
MESSAGING_SYSTEM: Final = "messaging.system"
MESSAGING_SYSTEM_NAME: Final = "messaging.system.name"
MESSAGING_OPERATION_NAME: Final = "messaging.operation.name"
MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
MESSAGING_DESTINATION: Final = "messaging.destination.name"
MESSAGING_DESTINATION_TEMPLATE: Final = "messaging.destination.template"
MESSAGING_CONSUMER_GROUP: Final = "messaging.consumer.group.name"
MESSAGING_MESSAGE_ID: Final = "messaging.message.id"

GEN_AI_OPERATION: Final = "gen_ai.operation.name"
GEN_AI_PROVIDER: Final = "gen_ai.provider.name"
GEN_AI_REQUEST_MODEL: Final = "gen_ai.request.model"
GEN_AI_REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
GEN_AI_REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
GEN_AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
GEN_AI_CONVERSATION: Final = "gen_ai.conversation.id"
GEN_AI_TOOL_NAME: Final = "gen_ai.tool.name"

ERROR_TYPE: Final = "error.type"
EXCEPTION_TYPE: Final = "exception.type"
EXCEPTION_STACKTRACE: Final = "exception.stacktrace"

DSPEX_REQUEST: Final = "dspex.request.id"
DSPEX_ATTEMPT: Final = "dspex.attempt"
DSPEX_PROGRAM: Final = "dspex.program"
DSPEX_VERSION: Final = "dspex.program.version"
DSPEX_IMPLEMENTATION: Final = "dspex.implementation"
DSPEX_POOL: Final = "dspex.pool"
DSPEX_WORKER: Final = "dspex.worker"
DSPEX_DELIVERY: Final = "dspex.delivery"
DSPEX_MODULE: Final = "dspex.module"
