"""Runs a module while what its models write is handed on, field by field.

DSPy sends the raw pieces of every model call of the module to `send_stream`; here they become text of the
program's own string outputs. Which predictor makes a field must be plain: where several do, that field is not
streamed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import anyio
import dspy
from dspy.streaming import StreamListener

from dspex.signature import Field, OptionalType, Signature, StrType
from dspex.signature.dspy_bridge import dspy_names
from dspex_pool.json_fields import JsonFields

BUFFERED_PIECES = 64

Emit = Callable[[str, str], None]


class _Reader(Protocol):
    """Makes text of fields from the pieces of one predictor's model call."""

    def receive(self, piece: Any) -> list[tuple[str, str]]: ...

    def finish(self) -> list[tuple[str, str]]: ...


def streamed_fields(signature: Signature, module: dspy.Module, *, users_code: bool) -> dict[str, str]:
    """The program's text outputs that a predictor of the module writes, by that predictor's name of them.

    A module made from the signature has DSPy's names, a user's own has those of the signature.
    """
    names = dspy_names(signature)
    written = {name for predictor in module.predictors() for name in predictor.signature.output_fields}
    fields = {
        field.name if users_code else names[field.name]: field.name
        for field in signature.outputs
        if _is_text(field)
    }
    return {by: name for by, name in fields.items() if by in written}


def _is_text(field: Field) -> bool:
    """Texts, which may be absent."""
    of = field.type.of if isinstance(field.type, OptionalType) else field.type
    return isinstance(of, StrType)


async def run_streamed(
    run: Callable[[], Awaitable[Any]],
    module: dspy.Module,
    adapter: dspy.Adapter,
    fields: Mapping[str, str],
    emit: Emit,
) -> Any:
    """Returns what `run` returns; `emit` is called with (output, text) while it runs. `fields` are outputs by
    their predictor's name.
    """
    readers = _readers(module, adapter, list(fields))
    send, receive = anyio.create_memory_object_stream[Any](BUFFERED_PIECES)
    reading = asyncio.get_running_loop().create_task(
        _read(receive, readers, lambda field, text: emit(fields[field], text))
    )
    try:
        with dspy.context(send_stream=send, stream_listeners=[]):
            return await run()
    finally:
        send.close()
        # It ends by itself when the stream is closed, after what is still in it.
        await asyncio.gather(reading, return_exceptions=True)


async def _read(receive: Any, readers: dict[int, _Reader], emit: Emit) -> None:
    async with receive:
        async for piece in receive:
            reader = readers.get(getattr(piece, "predict_id", None) or 0)
            if reader is not None:
                for field, text in reader.receive(piece):
                    emit(field, text)
    for reader in readers.values():
        for field, text in reader.finish():
            emit(field, text)


def _readers(module: dspy.Module, adapter: dspy.Adapter, fields: list[str]) -> dict[int, _Reader]:
    """By the predictor's id, as DSPy marks the pieces."""
    makers: dict[str, list[Any]] = {field: [] for field in fields}
    for predictor in module.predictors():
        for field in fields:
            if field in predictor.signature.output_fields:
                makers[field].append(predictor)
    by_predictor: dict[int, tuple[Any, list[str]]] = {}
    for field, found in makers.items():
        if len(found) == 1:
            by_predictor.setdefault(id(found[0]), (found[0], []))[1].append(field)
    if isinstance(adapter, dspy.JSONAdapter):
        return {number: _JsonReader(names) for number, (_, names) in by_predictor.items()}
    return {number: _ListenerReader(found, names) for number, (found, names) in by_predictor.items()}


class _JsonReader:
    def __init__(self, fields: list[str]) -> None:
        self._fields = JsonFields(fields)
        self._call: object | None = None

    def receive(self, piece: Any) -> list[tuple[str, str]]:
        # The first call's text is what a reader has seen; a later call of the same predictor is not appended
        # to it.
        if self._call is None:
            self._call = piece.id
        text = piece.choices[0].delta.content
        if text is None or piece.id != self._call:
            return []
        return self._fields.feed(text)

    def finish(self) -> list[tuple[str, str]]:
        return []


class _ListenerReader:
    """DSPy's listeners know the markers of the chat and xml adapters."""

    def __init__(self, predictor: Any, fields: list[str]) -> None:
        self._listeners = [StreamListener(field, predict=predictor, predict_name=field) for field in fields]

    def receive(self, piece: Any) -> list[tuple[str, str]]:
        found = [listener.receive(piece) for listener in self._listeners]
        return [(one.signature_field_name, one.chunk) for one in found if one is not None and one.chunk]

    def finish(self) -> list[tuple[str, str]]:
        found = [listener.finalize() for listener in self._listeners]
        return [(one.signature_field_name, one.chunk) for one in found if one is not None and one.chunk]
