"""Runs a module while what its models write is handed on, field by field.

DSPy sends the raw pieces of every model call of the module to `send_stream`; here they become text of the
program's own outputs, or pieces of their JSON. Which predictor makes a field must be plain: where several do,
that field is not streamed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import anyio
import dspy
from dspy.streaming import StreamListener

from dspex.signature import (
    BytesType,
    DictType,
    ListType,
    ObjectType,
    OptionalType,
    PlainType,
    Signature,
    StrType,
    Type,
)
from dspex.signature.dspy_bridge import dspy_names
from dspex_pool.json_fields import JsonFields, Piece

BUFFERED_PIECES = 64


class Output(NamedTuple):
    """An output that is streamed, as the program names it."""

    name: str
    type: Type


class Sink(Protocol):
    """Takes what the model has said of the outputs."""

    async def add(self, piece: Piece) -> None:
        """Returns when there is room for more."""

    def let_go(self) -> None:
        """The model is done: `add` waits for nobody any more."""


class _Reader(Protocol):
    """Makes pieces of fields from the pieces of one predictor's model call."""

    def receive(self, piece: Any) -> list[Piece]: ...

    def finish(self) -> list[Piece]: ...


def streamed_fields(signature: Signature, module: dspy.Module, *, users_code: bool) -> dict[str, Output]:
    """The program's outputs that a predictor of the module writes, by that predictor's name of them.

    A module made from the signature has DSPy's names, a user's own has those of the signature.
    """
    names = dspy_names(signature)
    written = {name for predictor in module.predictors() for name in predictor.signature.output_fields}
    fields = {
        field.name if users_code else names[field.name]: Output(field.name, field.type)
        for field in signature.outputs
        if _is_written_alike(field.type)
    }
    return {by: output for by, output in fields.items() if by in written}


def _is_written_alike(of: Type) -> bool:
    """Models write its values as results have them; bytes, images and times are converted."""
    match of:
        case OptionalType(of=inner) | ListType(items=inner) | DictType(values=inner):
            return _is_written_alike(inner)
        case ObjectType(fields=fields):
            return all(_is_written_alike(field.type) for field in fields)
        case PlainType(kind=kind):
            return kind in ("bool", "any")
        case BytesType():
            return False
        case _:
            return True


def _is_text(of: Type) -> bool:
    """Texts, which may be absent."""
    return isinstance(of.of if isinstance(of, OptionalType) else of, StrType)


async def run_streamed(
    run: Callable[[], Awaitable[Any]],
    module: dspy.Module,
    adapter: dspy.Adapter,
    fields: Mapping[str, Output],
    sink: Sink,
) -> Any:
    """Returns what `run` returns; the sink gets what the models say while it runs, and may hold them up.
    `fields` are outputs by their predictor's name.
    """
    readers = _readers(module, adapter, fields)
    send, receive = anyio.create_memory_object_stream[Any](BUFFERED_PIECES)

    async def emit(pieces: list[Piece]) -> None:
        for piece in pieces:
            await sink.add(piece._replace(field=fields[piece.field].name))

    reading = asyncio.get_running_loop().create_task(_read(receive, readers, emit))
    try:
        with dspy.context(send_stream=send, stream_listeners=[]):
            return await run()
    finally:
        send.close()
        sink.let_go()
        # It ends by itself when the stream is closed, after what is still in it.
        await asyncio.gather(reading, return_exceptions=True)


async def _read(
    receive: Any, readers: dict[int, _Reader], emit: Callable[[list[Piece]], Awaitable[None]]
) -> None:
    async with receive:
        async for piece in receive:
            reader = readers.get(getattr(piece, "predict_id", None) or 0)
            if reader is not None:
                await emit(reader.receive(piece))
    for reader in readers.values():
        await emit(reader.finish())


def _readers(module: dspy.Module, adapter: dspy.Adapter, fields: Mapping[str, Output]) -> dict[int, _Reader]:
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
        return {
            number: _JsonReader({name: fields[name].type for name in names})
            for number, (_, names) in by_predictor.items()
        }
    return {
        number: _ListenerReader(found, [name for name in names if _is_text(fields[name].type)])
        for number, (found, names) in by_predictor.items()
    }


class _JsonReader:
    def __init__(self, fields: Mapping[str, Type]) -> None:
        self._fields = JsonFields(fields)
        self._call: object | None = None

    def receive(self, piece: Any) -> list[Piece]:
        # The first call's text is what a reader has seen; a later call of the same predictor is not appended
        # to it.
        if self._call is None:
            self._call = piece.id
        text = piece.choices[0].delta.content
        if text is None or piece.id != self._call:
            return []
        return self._fields.feed(text)

    def finish(self) -> list[Piece]:
        return []


class _ListenerReader:
    """DSPy's listeners know the markers of the chat and xml adapters."""

    def __init__(self, predictor: Any, fields: list[str]) -> None:
        self._listeners = [StreamListener(field, predict=predictor, predict_name=field) for field in fields]

    def receive(self, piece: Any) -> list[Piece]:
        return _pieces(listener.receive(piece) for listener in self._listeners)

    def finish(self) -> list[Piece]:
        return _pieces(listener.finalize() for listener in self._listeners)


def _pieces(found: Iterable[Any]) -> list[Piece]:
    return [Piece(one.signature_field_name, one.chunk) for one in found if one is not None and one.chunk]
