"""Which slot of a model's server the turns of a session use, so that the prompt of the turn before is found
computed. The server keeps as many prompts as it has slots. A session stays in its slot while nobody else
takes that; a new one gets the one that its name stands for, if that is free, else the least recently used.
One that comes back and was pushed out goes to the slot of its name, if all are in use: of five that take
turns at four slots each would find its own gone otherwise. So do the requests of a program that are in no
session: the server, which goes by how much two prompts have in common, would mix up sessions of one program,
whose prompts begin alike. What the TypeScript worker does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

"""For each slot: calls within which a prompt counts as being in use, and owners that are remembered as pushed
out.
"""
OF_LATE: Final = 2
_BASIS: Final = 0x811C9DC5
_PRIME: Final = 0x01000193


@dataclass(slots=True)
class _Slot:
    """Whose prompt it has: a session's, or a program's; empty = nobody's."""

    owner: str = ""
    """When, counted in calls."""
    used_at: int = 0
    busy: bool = False


class ModelSlots:
    """Of one server. Calls come from the loop and from threads."""

    def __init__(self, count: int) -> None:
        self._slots = [_Slot() for _ in range(count)]
        self._calls = 0
        # Who lost a slot to another of late.
        self._pushed_out: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def lease(self, owner: str) -> Iterator[int | None]:
        """None beside another call of the same owner, or when every slot has a call of ours: the server then
        knows best.
        """
        with self._lock:
            at = self._choose(owner)
            if at is not None:
                self._push_out(self._slots[at].owner, owner)
                self._calls += 1
                self._slots[at] = _Slot(owner, self._calls, busy=True)
        try:
            yield at
        finally:
            if at is not None:
                with self._lock:
                    self._slots[at] = _Slot(owner, self._calls)

    def _choose(self, owner: str) -> int | None:
        slots = self._slots
        for at, slot in enumerate(slots):
            if slot.owner == owner:
                return None if slot.busy else at
        preferred = _hash(owner) % len(slots)
        if slots[preferred].owner == "":
            return preferred
        idle = [at for at, slot in enumerate(slots) if not slot.busy]
        if not idle:
            return None
        oldest = min(idle, key=lambda at: slots[at].used_at)
        in_use = slots[oldest].owner != "" and self._calls - slots[oldest].used_at <= OF_LATE * len(slots)
        return preferred if owner in self._pushed_out and in_use and preferred in idle else oldest

    def _push_out(self, before: str, owner: str) -> None:
        if before in ("", owner):
            return
        self._pushed_out[before] = None
        self._pushed_out.move_to_end(before)
        if len(self._pushed_out) > OF_LATE * len(self._slots):
            self._pushed_out.popitem(last=False)


def _hash(text: str) -> int:
    """FNV-1a, 32 bits: the same in every process, so that a session which moves on finds its prompt where it
    was.
    """
    value = _BASIS
    for byte in text.encode():
        value = ((value ^ byte) * _PRIME) & 0xFFFFFFFF
    return value
