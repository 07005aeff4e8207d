"""DSPy's engines for a model whose server keeps computed prompts in slots: each call names that of its
session, or of its program (`id_slot`). DSPy's own way to a model refuses members that it does not know, so
the name is put in where the request is canonical already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from weakref import WeakKeyDictionary

from dspy.clients.engines import AsyncLM15Engine, LM15Engine
from dspy.lm15 import Request, Response, RouterConfig

from dspex.config import ModelCapabilities
from dspex_pool.attempt_context import running_attempt
from dspex_pool.model_slots import ModelSlots

_PARAMS: Final = frozenset(
    {
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "presence_penalty",
        "response_format",
        "seed",
        "stop",
        "stream",
        "temperature",
        "top_logprobs",
        "top_p",
    }
)


class SlotEngine(LM15Engine):  # type: ignore[misc]  # dspy has no types
    def __init__(self, config: RouterConfig, slots: ModelSlots, capabilities: ModelCapabilities) -> None:
        super().__init__(config)
        self._slots = slots
        # What DSPy asks a custom engine.
        self.supports_response_schema = capabilities.response_schema
        self.supports_function_calling = capabilities.tools
        self.supports_reasoning = False
        self.supported_params = _PARAMS

    def complete(self, request: Request) -> Response:
        with _in_slot(self._slots, request) as named:
            return super().complete(named)

    def stream(self, request: Request) -> Iterator[Any]:
        with _in_slot(self._slots, request) as named:
            yield from super().stream(named)


class AsyncSlotEngine:
    """Connections are a loop's own: one engine for each."""

    def __init__(self, config: RouterConfig, slots: ModelSlots) -> None:
        self._config = config
        self._slots = slots
        self._engines: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    async def complete(self, request: Request) -> Response:
        with _in_slot(self._slots, request) as named:
            return await self._engine().complete(named)

    async def stream(self, request: Request) -> AsyncIterator[Any]:
        with _in_slot(self._slots, request) as named:
            async for event in self._engine().stream(named):
                yield event

    async def aclose(self) -> None:
        """Of the loop that asks."""
        engine = self._engines.pop(asyncio.get_running_loop(), None)
        if engine is not None:
            await engine.aclose()

    def _engine(self) -> Any:
        loop = asyncio.get_running_loop()
        engine = self._engines.get(loop)
        if engine is None:
            engine = self._engines[loop] = AsyncLM15Engine(self._config)
        return engine


@contextmanager
def _in_slot(slots: ModelSlots, request: Request) -> Iterator[Request]:
    attempt = running_attempt()
    if attempt is None:
        yield request
        return
    is_turn = attempt.session is not None
    owner = f"{attempt.user}.{attempt.session}" if is_turn else f"{attempt.program}/{attempt.implementation}"
    with slots.lease(owner) as slot:
        if slot is None:
            yield request
            return
        if is_turn:
            attempt.slot = slot
        extensions = {**(request.config.extensions or {}), "id_slot": slot}
        yield replace(request, config=replace(request.config, extensions=extensions))
