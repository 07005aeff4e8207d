"""Takes keys out of texts that leave the process: errors, logs, traces."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "[redacted]"
# What looks like a key of a common provider, or follows `Bearer`, whether or not it is one that we know.
_KEYS = re.compile(r"\b(?:sk|pk|rk|xai|gsk|hf|AIza)[-_][A-Za-z0-9_\-*]{8,}|(?<=Bearer )\S+", re.IGNORECASE)
# Shorter ones are words that occur by chance.
MIN_SECRET_CHARACTERS = 6


class Redactor:
    def __init__(self, secrets: Iterable[str | None]) -> None:
        known = {secret for secret in secrets if secret and len(secret) >= MIN_SECRET_CHARACTERS}
        # Longest first: a key that contains another is hidden whole.
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return _KEYS.sub(HIDDEN, text)
