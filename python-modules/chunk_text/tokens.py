"""Tokens of a text with their places."""

from __future__ import annotations

from dspex.validators.tokens import encoding_of

Span = tuple[int, int, int]
"""Start, end, weight."""


def token_spans(text: str, encoding: str) -> list[Span]:
    """A token may end within a character: then the two are one span."""
    known = encoding_of(encoding)
    spans: list[Span] = []
    start = end = weight = ahead = 0
    for token in known.encode_ordinary(text):
        ahead += len(known.decode_single_token_bytes(token))
        weight += 1
        while ahead > 0:
            ahead -= len(text[end].encode())
            end += 1
        if ahead == 0:
            spans.append((start, end, weight))
            start, weight = end, 0
    return spans
