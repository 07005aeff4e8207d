"""How many attempts run at once, first come first served.

A slot whose thread does not come back is *lost*: nobody waits for it any more, and it counts as full until
the thread ends. When all are lost for a while the process can do nothing, and says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

ALL_LOST_GRACE_S = 5.0


class Slots:
    def __init__(
        self,
        total: int,
        on_all_lost: Callable[[], None],
        grace_s: float = ALL_LOST_GRACE_S,
    ) -> None:
        self.total = total
        self.busy = 0
        self.lost = 0
        self._on_free: Callable[[], None] | None = None
        self._on_all_lost = on_all_lost
        self._grace_s = grace_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._all_lost_timer: asyncio.TimerHandle | None = None

    def on_free(self, told: Callable[[], None]) -> None:
        """Called whenever a slot is free and nobody waits for it."""
        self._on_free = told

    @property
    def usable(self) -> int:
        return self.total - self.lost

    @property
    def free(self) -> int:
        return max(0, self.usable - self.busy)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def take(self) -> None:
        if self.free > 0 and not self._waiting:
            self.busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            else:
                self._waiting.remove(turn)
            raise

    def give_back(self) -> None:
        self.busy -= 1
        self._hand_out()

    def lose(self) -> None:
        """The thread of an attempt that is over still runs."""
        self.lost += 1
        if self.usable <= 0 and self._all_lost_timer is None:
            self._all_lost_timer = asyncio.get_running_loop().call_later(self._grace_s, self._check_all_lost)

    def regain(self) -> None:
        self.lost -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self.free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                self.busy += 1
                turn.set_result(None)
        if self.free > 0 and self._on_free is not None:
            self._on_free()

    def _check_all_lost(self) -> None:
        self._all_lost_timer = None
        if self.usable <= 0:
            self._on_all_lost()
