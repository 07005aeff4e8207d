"""Texts in messages: cut at code points, so that both languages cut alike, and quoted as JSON quotes them."""

from __future__ import annotations

from json.encoder import encode_basestring


def shorten(text: str, most: int = 80) -> str:
    """The first `most` characters, with `…` if there were more."""
    return text if len(text) <= most else f"{text[:most]}…"


def json_text(text: str) -> str:
    """As JSON.stringify writes it: everything raw that may be, lone surrogates escaped."""
    quoted = encode_basestring(text)
    return quoted if quoted.isascii() else "".join(_surrogate_escaped(quoted))


def _surrogate_escaped(text: str) -> list[str]:
    return [f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text]
