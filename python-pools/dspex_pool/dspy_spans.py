"""DSPy's callbacks as child spans of the attempt: modules, model calls and tools, without what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dspy.utils.callback import ACTIVE_CALL_ID, BaseCallback
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from dspex_pool import span_names as names
from dspex_pool.attempt_context import running_attempt

MAX_OPEN: Final = 10_000

"""Provider and model of DSPy's name of a model."""
Describe = Callable[[str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Open:
    span: Span
    """What was current before it."""
    outside: Context


class DspySpans(BaseCallback):  # type: ignore[misc]  # dspy has no types
    """One for all attempts: which attempt a call belongs to is a context variable."""

    def __init__(self, tracer: trace.Tracer, describe: Describe) -> None:
        self._tracer = tracer
        self._describe = describe
        self._open: dict[str, _Open] = {}

    def span_of_active_call(self) -> Span | None:
        call_id = ACTIVE_CALL_ID.get()
        found = None if call_id is None else self._open.get(call_id)
        return None if found is None else found.span

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
        kind = type(instance).__name__
        self._start(call_id, f"module {kind}", SpanKind.INTERNAL, {names.DSPEX_MODULE: kind})

    def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:  # noqa: ARG002
        self._end(call_id, exception)

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
        provider, model = self._describe(instance.model)
        attributes = {
            names.GEN_AI_OPERATION: "chat",
            names.GEN_AI_PROVIDER: provider,
            names.GEN_AI_REQUEST_MODEL: model,
            names.GEN_AI_REQUEST_TEMPERATURE: instance.kwargs.get("temperature"),
            names.GEN_AI_REQUEST_MAX_TOKENS: instance.kwargs.get("max_tokens"),
        }
        self._start(call_id, f"chat {model}", SpanKind.CLIENT, attributes)

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:  # noqa: ARG002
        found, attempt = self._open.get(call_id), running_attempt()
        used = None if attempt is None else attempt.usage.by_call.pop(call_id, None)
        if found is not None and used is not None:
            found.span.set_attribute(names.GEN_AI_INPUT_TOKENS, used[0])
            found.span.set_attribute(names.GEN_AI_OUTPUT_TOKENS, used[1])
        self._end(call_id, exception)

    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
        attributes = {names.GEN_AI_OPERATION: "execute_tool", names.GEN_AI_TOOL_NAME: instance.name}
        self._start(call_id, f"execute_tool {instance.name}", SpanKind.INTERNAL, attributes)

    def on_tool_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:  # noqa: ARG002
        self._end(call_id, exception)

    def _start(self, call_id: str, name: str, kind: SpanKind, attributes: dict[str, Any]) -> None:
        attempt = running_attempt()
        parent = self.span_of_active_call() or (None if attempt is None else attempt.span)
        if parent is None or len(self._open) >= MAX_OPEN:
            return
        known = {key: value for key, value in attributes.items() if value is not None}
        outside = context.get_current()
        span = self._tracer.start_span(
            name, context=trace.set_span_in_context(parent), kind=kind, attributes=known
        )
        self._open[call_id] = _Open(span, outside)
        # What runs in it may make spans and requests of its own.
        context.attach(trace.set_span_in_context(span))

    def _end(self, call_id: str, exception: BaseException | None) -> None:
        found = self._open.pop(call_id, None)
        if found is None:
            return
        # Not detached by a token: DSPy may end a call in another context than it began in.
        context.attach(found.outside)
        span = found.span
        if exception is not None:
            # The type alone: texts of model errors quote prompts and answers.
            span.set_status(Status(StatusCode.ERROR, type(exception).__name__))
            span.set_attribute(names.ERROR_TYPE, type(exception).__name__)
        span.end()
