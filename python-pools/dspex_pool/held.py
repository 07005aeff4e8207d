"""One delivery that this process holds: not yet acknowledged, so ours to answer for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from dspex_pool.attempt_context import AttemptContext
from dspex_pool.chunks import ChunkWriter
from dspex_pool.delivery import Delivery

ACK: Final = b"+ACK"
NAK: Final = b"-NAK"
TERM: Final = b"+TERM"
IN_PROGRESS: Final = b"+WPI"

"""waiting for a slot ─▶ running ─▶ publishing its end"""
Stage = Literal["waiting", "running", "publishing"]
CancelReason = Literal["cancelled", "deadline_exceeded"]


@dataclass(slots=True, eq=False)
class Held:
    delivery: Delivery
    """Addressed to this worker, not to any of its pool."""
    own: bool
    stage: Stage = "waiting"
    task: asyncio.Task[None] | None = None
    request_id: str | None = None
    attempt: AttemptContext | None = None
    chunks: ChunkWriter | None = None
    """Somebody has answered the request; nothing of this attempt is wanted any more."""
    cancelled: CancelReason | None = None
    """Another worker has it now."""
    given_back: bool = False

    @property
    def unwanted(self) -> bool:
        return self.cancelled is not None or self.given_back

    def cancel(self, reason: CancelReason) -> None:
        """An answer that is already on its way to the log goes on: the log decides which was first."""
        if self.stage == "publishing":
            return
        self.cancelled = reason
        self._end(reason)

    def give_back(self) -> None:
        self.given_back = True
        self._end("cancelled")

    def _end(self, reason: CancelReason) -> None:
        if self.attempt is not None:
            self.attempt.over = reason
        if self.task is not None:
            self.task.cancel()
