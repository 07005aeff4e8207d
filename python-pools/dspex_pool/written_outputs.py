"""What the chunks of one attempt have said of each output, so that in the end they say exactly what the
result does: what is missing is added, and where they have said something else they start over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dspex.signature import PlainType
from dspex.wire_json import WireJsonError, canonical_json, dumps, loads
from dspex_pool.json_fields import JsonFields, Piece

# Characters; each may take six bytes in JSON.
MAX_CHUNK_TEXT: Final = 65_536
# White space is said only when more follows, since results end without it.
_MAY_BE_CUT: Final = re.compile(r"\s+\Z")


class WrittenOutputs:
    def __init__(self) -> None:
        self._said: dict[str, list[str]] = {}
        self._json: set[str] = set()
        self._held: dict[str, str] = {}

    def add(self, piece: Piece) -> Piece | None:
        """What of a piece is to be said now."""
        text = self._held.pop(piece.field, "") + piece.text
        cut = None if piece.is_json else _MAY_BE_CUT.search(text)
        if cut is not None:
            self._held[piece.field] = cut.group()
            text = text[: cut.start()]
        if not text:
            return None
        self._said.setdefault(piece.field, []).append(text)
        if piece.is_json:
            self._json.add(piece.field)
        return piece._replace(text=text)

    def clear(self) -> None:
        """What is said so far is void."""
        self._said.clear()
        self._json.clear()
        self._held.clear()

    def missing(self, outputs: Mapping[str, Any]) -> list[Piece] | None:
        """What is left to be said of these outputs, in wire form; None where all of it must be said anew."""
        if not self._said.keys() <= outputs.keys():
            return None
        pieces: list[Piece] = []
        for field, value in outputs.items():
            said = "".join(self._said.get(field, ()))
            if field not in self._said:
                pieces += whole_pieces({field: value})
            elif field in self._json:
                if not _is_same_json(said, value):
                    return None
            elif not isinstance(value, str) or not value.startswith(said):
                return None
            elif len(value) > len(said):
                pieces.append(Piece(field, value[len(said) :]))
        return pieces


def whole_pieces(outputs: Mapping[str, Any]) -> list[Piece]:
    """Outputs as they are said at once."""
    pieces: list[Piece] = []
    for field, value in outputs.items():
        if isinstance(value, str):
            pieces.append(Piece(field, value))
        else:
            pieces += _json_pieces(field, dumps(value).decode())
    return pieces


def _json_pieces(field: str, text: str) -> Iterator[Piece]:
    """Cut where JSON may be cut."""
    if len(text) <= MAX_CHUNK_TEXT:
        yield Piece(field, text, True)
        return
    fields = JsonFields({"value": PlainType("any")})
    fields.feed('{"value":')
    for at in range(0, len(text), MAX_CHUNK_TEXT):
        for piece in fields.feed(text[at : at + MAX_CHUNK_TEXT]):
            yield piece._replace(field=field)


def _is_same_json(text: str, value: Any) -> bool:
    try:
        return canonical_json(loads(text)) == canonical_json(value)
    except WireJsonError:
        # It broke off.
        return False
