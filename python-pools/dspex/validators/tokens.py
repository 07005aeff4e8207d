"""Tokens of a text, as models of a vocabulary count them."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import tiktoken


@cache
def encoding_of(name: str) -> tiktoken.Encoding:
    # litellm, which DSPy brings, has the files of the encodings; to import it takes seconds.
    spec = find_spec("litellm")
    for folder in (spec and spec.submodule_search_locations) or ():
        files = Path(folder) / "litellm_core_utils" / "tokenizers"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(files))
    return tiktoken.get_encoding(name)


def token_count(text: str, encoding: str) -> int:
    return len(encoding_of(encoding).encode_ordinary(text))
