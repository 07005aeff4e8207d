"""Who reads a stream and wants its producer to wait, and how far the slowest of them lets it go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from dspex.messages import CreditControl

# One that was not heard of for so long is not waited for any more; readers tell of themselves each 3 s.
READER_SILENCE_S: Final = 10.0
# Of one stream; further ones are not waited for.
MAX_WAITED_FOR: Final = 16


@dataclass(slots=True)
class _Reader:
    """Greatest index that it has room for."""

    limit: int
    heard_at: float


class StreamReaders:
    def __init__(self, attempt: int, delivery: int) -> None:
        self._place = (attempt, delivery)
        self._readers: dict[str, _Reader] = {}

    def hear(self, credit: CreditControl, now: float) -> None:
        place = (credit.attempt, credit.delivery)
        # One that follows a later attempt reads nothing of this one any more.
        if credit.room is None or place > self._place:
            self._readers.pop(credit.reader, None)
            return
        known = self._readers.get(credit.reader)
        if known is None and len(self._readers) >= MAX_WAITED_FOR:
            return
        limit = credit.room - 1 if place < self._place else credit.index + credit.room
        # An older message may come last.
        self._readers[credit.reader] = _Reader(max(limit, -1 if known is None else known.limit), now)

    def limit(self, now: float) -> float:
        """Greatest index that may be sent: infinite where nobody wants to be waited for."""
        for name, reader in list(self._readers.items()):
            if now - reader.heard_at >= READER_SILENCE_S:
                del self._readers[name]
        return min((reader.limit for reader in self._readers.values()), default=math.inf)

    @property
    def changes_at(self) -> float | None:
        """When `limit` may change though nothing is heard; None: never."""
        heard = min((reader.heard_at for reader in self._readers.values()), default=None)
        return None if heard is None else heard + READER_SILENCE_S
