"""Tokens of a text with their places."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import tiktoken

Span = tuple[int, int, int]
"""Start, end, weight."""


@cache
def _encoding(name: str) -> tiktoken.Encoding:
    # litellm, which DSPy brings, has the files of the encodings; to import it takes seconds.
    spec = find_spec("litellm")
    for folder in (spec and spec.submodule_search_locations) or ():
        files = Path(folder) / "litellm_core_utils" / "tokenizers"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(files))
    return tiktoken.get_encoding(name)


def token_count(text: str, encoding: str) -> int:
    return len(_encoding(encoding).encode_ordinary(text))


def token_spans(text: str, encoding: str) -> list[Span]:
    """A token may end within a character: then the two are one span."""
    known = _encoding(encoding)
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
