"""What a program keeps of a session between its turns, in the memory of the worker that answers them.

    @dspex.program("tutor", signature="question: str -> answer: str")
    def tutor(question: str) -> str:
        notes = dspex.warm(Notes.of_turns)      # of the session's turns, or as the turn before left it
        ...

Turns of a session go to the worker that answered the one before, while it lives and has the time. When
another one gets the turn, or what was kept is not that of the turn just before, it is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

State = TypeVar("State")
"""Each `{"inputs": {…}, "outputs": {…}}`, oldest first: as many as the system is configured to hand on."""
Turns = Sequence[dict[str, Any]]


class Keeper(Protocol):
    """What a pool's process provides; it knows which attempt the calling code belongs to."""

    def __call__(self, build: Callable[[Turns], Any], name: str) -> Any: ...


def warm(build: Callable[[Turns], State], *, name: str = "") -> State:
    """What `build` once made of the session's turns, with all that was done to it since; the same object each
    time within one request. Keep several by name.

    Outside of a session, and outside of a pool, `build([])`: it is forgotten with the request. Also forgotten
    is what a request that failed has left.
    """
    return _provided[0](build, name) if _provided else build([])


def provide_warm(keeper: Keeper | None) -> None:
    """By the pool, once for its process."""
    _provided[:] = [] if keeper is None else [keeper]


_provided: list[Keeper] = []
