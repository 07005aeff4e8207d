"""One attempt, from its work to outputs or an error.

1 prepare the implementation   2 put values in place of references, check them   3 run it in DSPy's context,
until the deadline, streamed if asked   4 check the outputs, move large ones to the bucket
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import dspy
import msgspec

from dspex import wire_json
from dspex.errors import DspexError
from dspex.limits import MAX_INLINE_VALUE_BYTES
from dspex.messages import DspyImplementation, PythonImplementation
from dspex.signature import decode_inputs, encode_outputs
from dspex.wire_json import WireJsonError
from dspex_pool.attempt_context import ATTEMPT_SETTING, AttemptContext
from dspex_pool.chunks import ChunkWriter
from dspex_pool.claim_check import ClaimCheck, looks_like_reference, may_have_references
from dspex_pool.dspy_spans import DspySpans
from dspex_pool.models import AttemptLM, ModelRegistry
from dspex_pool.prepare import Prepared, Preparer
from dspex_pool.streaming import run_streamed, streamed_fields
from dspex_pool.validation import validation_of
from dspex_pool.work_message import Work

CONFIDENCE = "confidence"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outputs:
    """As JSON, ready for the result."""

    encoded: msgspec.Raw
    confidence: float | None
    validation: dict[str, Any] | None = None
    """What the program's validators say of them."""


class Runner:
    def __init__(
        self, preparer: Preparer, models: ModelRegistry, claim_check: ClaimCheck, spans: DspySpans | None
    ) -> None:
        """`spans` only where somebody receives them: DSPy calls them for every step."""
        self._preparer = preparer
        self._models = models
        self._claim_check = claim_check
        self._callbacks = [] if spans is None else [spans]

    async def run(self, work: Work, attempt: AttemptContext, chunks: ChunkWriter | None) -> Outputs:
        """@raises DspexError and whatever the module raises; `errors.classify` tells what it means."""
        return await _within(
            attempt.ends_at - time.time(),
            self._steps(work, attempt, chunks),
            DspexError("deadline_exceeded", "no answer before the request's deadline"),
        )

    async def _steps(self, work: Work, attempt: AttemptContext, chunks: ChunkWriter | None) -> Outputs:
        with attempt.times.code():
            prepared = await self._preparer.prepare(
                work.program, work.version, work.implementation, work.settings, bool(work.history)
            )
        attempt.users_code = prepared.runnable.users_code
        attempt.turns = await self._turns(work)
        values, wire = await self._inputs(work, prepared, attempt)
        running = self._run(work, attempt, prepared, values, chunks)
        limit_ms = _setting(work.settings, "timeoutMs", int, prepared.implementation.timeout_ms)
        if limit_ms is not None and time.time() + limit_ms / 1_000 < attempt.ends_at:
            attempt.ends_at, attempt.late = time.time() + limit_ms / 1_000, "lm_timeout"
            late = DspexError("lm_timeout", f"no answer within the implementation's {limit_ms} ms")
            running = _within(limit_ms / 1_000, running, late)
        with attempt.times.code():
            made = await running
        return await self._outputs(work, attempt, prepared, wire, made, chunks)

    async def _turns(self, work: Work) -> list[dict[str, Any]]:
        """Large values of earlier turns are references as they were then."""
        if not work.history:
            return []
        expanded = await self._claim_check.expand({"history": work.history}, work.user)
        turns: list[dict[str, Any]] = expanded["history"]
        return turns

    async def _inputs(
        self, work: Work, prepared: Prepared, attempt: AttemptContext
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """As Python's values, and as they travel."""
        began_at = time.perf_counter()
        raw = bytes(work.inputs)
        try:
            wire = wire_json.loads(raw)
        except WireJsonError as error:
            raise DspexError("invalid_inputs", str(error), path="inputs") from error
        attempt.times.decode_s += time.perf_counter() - began_at
        history = prepared.history_input
        if may_have_references(raw):
            # A history that was too large for the message may itself have references.
            is_twice = history is not None and looks_like_reference(wire.get(history))
            wire = await self._claim_check.expand(wire, work.user)
            if history is not None and is_twice:
                wire |= await self._claim_check.expand({history: wire[history]}, work.user)
        began_at = time.perf_counter()
        if history is not None and attempt.turns and history not in wire:
            wire[history] = attempt.turns
        values = decode_inputs(prepared.signature, wire)
        attempt.times.decode_s += time.perf_counter() - began_at
        return values, wire

    async def _run(
        self,
        work: Work,
        attempt: AttemptContext,
        prepared: Prepared,
        values: dict[str, Any],
        chunks: ChunkWriter | None,
    ) -> dict[str, Any]:
        runnable = prepared.runnable
        if runnable.inline:
            return await runnable.run(None, values)
        module = runnable.module()
        with self._context(work, attempt, prepared):
            fields = (
                {}
                if chunks is None or module is None
                else streamed_fields(prepared.signature, module, users_code=runnable.users_code)
            )
            if chunks is None or module is None or not fields:
                made = await runnable.run(module, values)
            else:
                made = await run_streamed(
                    lambda: runnable.run(module, values), module, prepared.adapter, fields, chunks
                )
        return made

    def _context(
        self, work: Work, attempt: AttemptContext, prepared: Prepared
    ) -> AbstractContextManager[Any]:
        context: AbstractContextManager[Any] = dspy.context(
            lm=self._lm(work, prepared.implementation),
            adapter=prepared.adapter,
            # A list of its own: the default one is the process's and grows.
            trace=[],
            callbacks=self._callbacks,
            track_usage=True,
            usage_tracker=attempt.usage,
            **{ATTEMPT_SETTING: attempt},
        )
        return context

    def _lm(self, work: Work, implementation: DspyImplementation | PythonImplementation) -> AttemptLM | None:
        """The request's and variables' settings come before the implementation's own."""
        settings = work.settings
        return self._models.lm(
            _setting(settings, "model", str, implementation.model),
            _setting(settings, "temperature", (int, float), implementation.temperature),
            _setting(settings, "maxTokens", int, implementation.max_tokens),
        )

    async def _outputs(
        self,
        work: Work,
        attempt: AttemptContext,
        prepared: Prepared,
        inputs: dict[str, Any],
        made: dict[str, Any],
        chunks: ChunkWriter | None,
    ) -> Outputs:
        times, began_at = attempt.times, time.perf_counter()
        wire = encode_outputs(prepared.signature, made)
        checked_at = time.perf_counter()
        times.validate_s += checked_at - began_at
        try:
            encoded = wire_json.dumps(wire)
            times.encode_s += time.perf_counter() - checked_at
            validation = await self._validation(work, attempt, prepared, inputs, (wire, len(encoded)))
            if len(encoded) > MAX_INLINE_VALUE_BYTES:
                encoded = wire_json.dumps(await self._claim_check.shrink(wire, work.user))
        except WireJsonError as error:
            raise DspexError("output_invalid", str(error)) from error
        if chunks is not None:
            await chunks.finish(wire)
        return Outputs(msgspec.Raw(encoded), _confidence(wire.get(CONFIDENCE)), validation)

    async def _validation(
        self,
        work: Work,
        attempt: AttemptContext,
        prepared: Prepared,
        inputs: dict[str, Any],
        outputs: tuple[dict[str, Any], int],
    ) -> dict[str, Any] | None:
        if prepared.validators is None:
            return None
        began_at = time.perf_counter()
        try:
            return await validation_of(prepared.validators, (inputs, len(bytes(work.inputs))), outputs)
        finally:
            attempt.times.validate_s += time.perf_counter() - began_at


async def _within(seconds: float, running: Coroutine[Any, Any, T], late: DspexError) -> T:
    timeout = asyncio.timeout(seconds)
    try:
        async with timeout:
            return await running
    except TimeoutError as error:
        # A TimeoutError of the code's own is not ours.
        if timeout.expired():
            raise late from error
        raise


def _confidence(value: Any) -> float | None:
    """An output of that name that is a probability says how sure the program is."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None


def _setting(settings: dict[str, Any], name: str, kind: Any, otherwise: Any) -> Any:
    value = settings.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DspexError("invalid_inputs", f"setting {name}: {str(value)[:80]!r} does not fit")
    return value
