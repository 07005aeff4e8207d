"""Tools of agents: Python functions of the users' modules, and programs called over the bus.

A tool may be called on the loop (asynchronous modules) or in a thread (blocking ones). On the loop it returns
a coroutine, which DSPy awaits; in a thread it blocks that thread alone.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

import dspy
import msgspec
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from pydantic import TypeAdapter

from dspex import headers as header
from dspex.errors import DspexError
from dspex.messages import ProgramDefinition, WireError
from dspex.signature import signature_from_json
from dspex.signature.dspy_bridge import to_dspy_signature
from dspex.subjects import tool_call_subject
from dspex_pool.attempt_context import AttemptContext, current_attempt
from dspex_pool.blocking import Blocking
from dspex_pool.bus import Bus
from dspex_pool.dspy_spans import DspySpans
from dspex_pool.tracing import traceparent_of

NO_RESPONDERS_TRIES: Final = 5
NO_RESPONDERS_PAUSE_S: Final = 0.2


class Tools:
    """Must be made on the loop's thread."""

    def __init__(self, bus: Bus, pool: str, blocking: Blocking, spans: DspySpans) -> None:
        self._bus = bus
        self._pool = pool
        self._blocking = blocking
        self._spans = spans
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()

    def python(self, name: str, function: Callable[..., Any]) -> dspy.Tool:
        """DSPy reads name, description and arguments from the function itself."""

        @functools.wraps(function)
        def call(**arguments: Any) -> Any:
            if inspect.iscoroutinefunction(function):
                return self._here(function(**arguments))
            if threading.get_ident() != self._loop_thread:
                return function(**arguments)
            return self._blocking.run(function, **arguments)

        return dspy.Tool(call, name=name)

    def program(self, definition: ProgramDefinition) -> dspy.Tool:
        """Another program as a tool; its result comes back as a dict of its outputs."""
        signature = to_dspy_signature(signature_from_json(definition.signature))
        types = {name: field.annotation for name, field in signature.input_fields.items()}
        name = definition.name

        def call(**arguments: Any) -> Any:
            return self._here(self._call_program(name, arguments))

        return dspy.Tool(
            call,
            # Models are given names that are identifiers everywhere.
            name=name.replace("-", "_"),
            desc=definition.description or signature.instructions,
            args={name: TypeAdapter(kind).json_schema() for name, kind in types.items()},
            arg_types=types,
        )

    def _here(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if threading.get_ident() == self._loop_thread:
            return coroutine
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _call_program(self, program: str, arguments: dict[str, Any]) -> Any:
        attempt = current_attempt.get()
        if attempt is None:
            raise DspexError("not_allowed", "a program is a tool within an attempt only")
        attempt.check()
        headers = {
            header.WORK_ID: attempt.request_id,
            header.WORK_ATTEMPT: str(attempt.attempt),
            header.WORK_SEQUENCE: str(attempt.work_sequence),
            header.TOOL_CALL: str(attempt.next_tool_call()),
        }
        span = self._spans.span_of_active_call()
        traceparent = attempt.traceparent if span is None else traceparent_of(span)
        if traceparent is not None:
            headers[header.TRACEPARENT] = traceparent
        body = msgspec.json.encode(arguments, enc_hook=_plain)
        return await self._request(program, body, headers, attempt)

    async def _request(
        self, program: str, body: bytes, headers: dict[str, str], attempt: AttemptContext
    ) -> Any:
        """The gateway makes one request of it however often the same call arrives."""
        subject = tool_call_subject(self._pool, program)
        for tries_left in reversed(range(NO_RESPONDERS_TRIES)):
            left_s = attempt.ends_at - time.time()
            if left_s <= 0:
                raise DspexError("deadline_exceeded", f'no time is left to call "{program}"')
            try:
                reply = await self._bus.request(subject, body, left_s, headers)
            except NoRespondersError:
                if tries_left == 0:
                    raise DspexError("unavailable", f'nobody answers calls of "{program}"') from None
                await asyncio.sleep(NO_RESPONDERS_PAUSE_S)
                continue
            except NatsError as error:
                raise DspexError("unavailable", f'call of "{program}": {type(error).__name__}') from error
            if reply.headers is not None and header.SERVICE_ERROR_CODE in reply.headers:
                raise DspexError.from_wire(msgspec.json.decode(reply.data, type=WireError))
            return msgspec.json.decode(reply.data)
        raise AssertionError("unreachable")


def _plain(value: Any) -> Any:
    """Models of nested objects, as DSPy parses a tool's arguments."""
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"{type(value).__name__} is no JSON value")
    return cast("Any", dump(mode="json"))
