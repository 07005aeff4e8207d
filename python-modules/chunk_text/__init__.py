"""The twin of the native program `chunk-text`: the same chunks, for comparison of the two languages.

Tokens are tiktoken's, of the encodings that litellm brings along; sentences are Unicode's.
"""

from __future__ import annotations

from typing import Any

import dspex
from dspex.validators.tokens import token_count

from .sentences import sentence_ends
from .tokens import Span, token_spans


@dspex.program(
    "chunk-text",
    signature="""text: str(max_length=1000000),
    by: Literal["sentences", "paragraphs", "tokens"] = "sentences" "along what it is cut",
    size: int(ge=1, le=100000) = 256 "most tokens of a chunk",
    overlap: int(ge=0) = 0 "most tokens that a chunk repeats of the one before",
    encoding: Literal["o200k_base", "cl100k_base"] = "o200k_base"
    -> chunks: list[{text: str, start: int "in code points", end: int, tokens: int}]""",
)
def chunk_text(text: str, by: str, size: int, overlap: int, encoding: str) -> dict[str, Any]:
    """Cuts a text into chunks along sentences, paragraphs or tokens."""
    if overlap >= size:
        message = f"overlap {overlap} is not a whole number from 0 to below the size, {size}"
        raise dspex.DspexError("invalid_inputs", message)
    chunks = _packed(_units(text, by, size, encoding), size, overlap)
    return {
        "chunks": [
            {"text": text[start:end], "start": start, "end": end, "tokens": weight}
            for start, end, weight in chunks
        ]
    }


def _units(text: str, by: str, size: int, encoding: str) -> list[Span]:
    if by == "tokens":
        return token_spans(text, encoding)
    ends = sentence_ends(text) if by == "sentences" else _paragraph_ends(text)
    units: list[Span] = []
    start = 0
    for end in ends:
        part = text[start:end]
        weight = token_count(part, encoding)
        if weight <= size:
            units.append((start, end, weight))
        else:
            units += [
                (start + first, start + last, tokens) for first, last, tokens in token_spans(part, encoding)
            ]
        start = end
    return units


def _paragraph_ends(text: str) -> list[int]:
    """Behind the blank lines that follow each."""
    ends: list[int] = []
    at = 0
    has_text = behind_blank = False
    for line in text.split("\n"):
        blank = line.strip(" \t\r") == ""
        # What follows the last line's end is no line.
        if not blank and behind_blank and has_text:
            ends.append(at)
        if at < len(text):
            behind_blank = blank
            has_text = has_text or not blank
        at += len(line) + 1
    return [*ends, len(text)] if text else []


def _packed(units: list[Span], size: int, overlap: int) -> list[Span]:
    chunks: list[Span] = []
    first = 0
    while first < len(units):
        following, weight = first, 0
        while following < len(units) and (following == first or weight + units[following][2] <= size):
            weight += units[following][2]
            following += 1
        chunks.append((units[first][0], units[following - 1][1], weight))
        if following == len(units):
            break
        # Not so far back that the next unit would not fit: each chunk says something new.
        room = min(overlap, size - units[following][2])
        back, repeated = following, 0
        while back > first + 1 and repeated + units[back - 1][2] <= room:
            back -= 1
            repeated += units[back][2]
        first = back
    return chunks
