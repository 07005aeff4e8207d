"""Where a reader of a stream is, as a text that it may keep: `1.1.42` is chunk 42 of attempt 1, delivery 1;
`1.1.43.final` the last one of it; `1.1.42.gap` one before which some were gone; `result.2` output 2 of the
result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from dspex.errors import DspexError

_CHUNK: Final = re.compile(r"([1-9]\d{0,8})\.([1-9]\d{0,8})\.(\d{1,9})(?:\.(final|gap))?", re.ASCII)
_OUTPUT: Final = re.compile(r"result\.(\d{1,9})", re.ASCII)


Mark: TypeAlias = Literal["final", "gap"]


@dataclass(frozen=True, slots=True)
class ChunkPosition:
    place: tuple[int, int, int]
    """Attempt, delivery, index."""
    mark: Mark | None = None

    def __str__(self) -> str:
        text = ".".join(map(str, self.place))
        return text if self.mark is None else f"{text}.{self.mark}"


@dataclass(frozen=True, slots=True)
class OutputPosition:
    index: int

    def __str__(self) -> str:
        return f"result.{self.index}"


def parse_position(text: str) -> ChunkPosition | OutputPosition:
    """Raises `invalid_inputs`."""
    output = _OUTPUT.fullmatch(text)
    if output is not None:
        return OutputPosition(int(output[1]))
    chunk = _CHUNK.fullmatch(text)
    if chunk is None:
        raise DspexError("invalid_inputs", f"{text[:80]!r} is no position of a stream", path="after")
    return ChunkPosition((int(chunk[1]), int(chunk[2]), int(chunk[3])), cast("Mark | None", chunk[4]))
