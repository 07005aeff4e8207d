"""The outputs as far as a stream has told them. Each beginning is a value of the beginning of the signature:
texts grow, lists and objects gain members, and what is half there (a number, a label, a date) is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from dspex.client.streams import StreamChunk
from dspex.signature import DictType, ListType, ObjectType, OptionalType, Signature, StrType, Type
from dspex.signature.codec import DECODE, compile_codec
from dspex.signature.problems import Problems
from dspex.wire_json import WireJsonError, loads

Decode = Callable[[Any], Any]

# A long JSON is looked at again when it has grown by a 64th: all looks together stay in proportion to it.
_GROWTH: Final = 64


class _JsonEnd:
    """Follows what is open in a growing JSON."""

    def __init__(self) -> None:
        self._closers: list[str] = []
        self.in_string = False
        self._escaped = False

    def add(self, text: str) -> None:
        for character in text:
            if self._escaped:
                self._escaped = False
            elif self.in_string:
                self._escaped = character == "\\"
                self.in_string = character != '"'
            elif character == '"':
                self.in_string = True
            elif character in "{[":
                self._closers.append("}" if character == "{" else "]")
            elif character in "}]" and self._closers:
                self._closers.pop()

    @property
    def closing(self) -> str:
        """What completes the text so far."""
        return ('"' if self.in_string else "") + "".join(reversed(self._closers))


@dataclass(slots=True)
class _SoFar:
    end: _JsonEnd | None
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    parsed_length: int = 0
    # Of JSON: what was parsed last.
    closed: str = ""
    value: Any = None
    known: bool = False


class PartialOutputs:
    def __init__(self, signature: Signature | None) -> None:
        """Without a signature values stay as JSON has them."""
        outputs = () if signature is None else signature.outputs
        self._decoders = {output.name: _decoder(output.type) for output in outputs}
        self._fields: dict[str, _SoFar] = {}
        # What came last is not whole, and what follows would be put in the wrong place.
        self._gap = False

    def add(self, chunk: StreamChunk) -> bool:
        """Whether the outputs have changed."""
        if chunk.restarted:
            self._fields.clear()
            self._gap = False
        # The result's outputs are whole, whatever is gone.
        if chunk.gap and not chunk.position.startswith("result."):
            self._gap = True
        if self._gap:
            return False
        changed = chunk.field is not None and self._grow(chunk.field, chunk)
        if chunk.final:
            for so_far in self._fields.values():
                if so_far.end is not None and so_far.parsed_length < so_far.length:
                    changed = _parse(so_far) or changed
        return changed

    def value(self) -> dict[str, Any]:
        return {
            name: self._decoders.get(name, _as_it_is)(so_far.value)
            for name, so_far in self._fields.items()
            if so_far.known
        }

    def _grow(self, name: str, chunk: StreamChunk) -> bool:
        so_far = self._fields.get(name)
        if so_far is None:
            so_far = self._fields[name] = _SoFar(_JsonEnd() if chunk.json else None)
        so_far.pieces.append(chunk.text)
        so_far.length += len(chunk.text)
        if so_far.end is not None:
            so_far.end.add(chunk.text)
            grown = so_far.length - so_far.parsed_length
            if so_far.end.closing and grown < so_far.length / _GROWTH:
                return False
        return _parse(so_far)


def _parse(so_far: _SoFar) -> bool:
    """Whether it says something new, as a bracket that only closes what is open does not."""
    so_far.pieces = ["".join(so_far.pieces)]
    so_far.parsed_length = so_far.length
    if so_far.end is None:
        so_far.value, so_far.known = so_far.pieces[0], True
        return True
    # In a text that is open, white space at the end counts.
    text = so_far.pieces[0] if so_far.end.in_string else so_far.pieces[0].rstrip()
    closed = text + so_far.end.closing
    if closed == so_far.closed:
        return False
    so_far.closed = closed
    try:
        so_far.value, so_far.known = loads(closed), True
    except WireJsonError:
        # A model may write what is no value of ours: its attempt fails, and another one starts over.
        return False
    return True


def _as_it_is(value: Any) -> Any:
    return value


def _decoder(type_: Type) -> Decode:
    """Python's values of what is whole; texts may be cut anywhere, and members may be missing."""
    match type_:
        case OptionalType(of=of):
            return _decoder(of)
        case ListType(items=items):
            item = _decoder(items)
            return lambda value: [item(one) for one in value] if isinstance(value, list) else value
        case DictType(values=values):
            member = _decoder(values)
            return lambda value: (
                {name: member(one) for name, one in value.items()} if isinstance(value, dict) else value
            )
        case ObjectType(fields=fields):
            members = {one.name: _decoder(one.type) for one in fields}
            return lambda value: (
                {name: members.get(name, _as_it_is)(one) for name, one in value.items()}
                if isinstance(value, dict)
                else value
            )
        case StrType():
            return _as_it_is
        case _:
            codec = compile_codec(type_, DECODE)

            def decode(value: Any) -> Any:
                problems: Problems = []
                converted = codec(value, problems)
                # What does not fit is refused when it is whole.
                return value if problems or value is None else converted

            return decode
