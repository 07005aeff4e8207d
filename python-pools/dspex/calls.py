"""Programs called from inside of a program that a pool runs, on behalf of the user who is waiting for it.

    computed = await dspex.call("calculator", expression="17*23")      in async functions
    computed = dspex.call_sync("calculator", expression="17*23")       in plain ones, which run in a thread

The call is a request like any other, in the log, with the deadline of the work that makes it. When that work
is delivered once more, the same call gets the first answer instead of a second run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from dspex.errors import DspexError

Inputs = Mapping[str, Any]


class Caller(Protocol):
    """What a pool's process provides; it knows which attempt the calling code belongs to."""

    async def call(self, program: str, inputs: Inputs) -> dict[str, Any]: ...

    def call_sync(self, program: str, inputs: Inputs) -> dict[str, Any]: ...


async def call(program: str, inputs: Inputs | None = None, /, **keywords: Any) -> dict[str, Any]:
    """The program's outputs, as Python values. Raises the `DspexError` that it ended with.

    Keywords are inputs; `inputs` is for those whose names are no keywords.
    """
    return await _caller(program).call(program, {**(inputs or {}), **keywords})


def call_sync(program: str, inputs: Inputs | None = None, /, **keywords: Any) -> dict[str, Any]:
    """The same for functions that are not `async`: it blocks the thread that they run in."""
    return _caller(program).call_sync(program, {**(inputs or {}), **keywords})


def provide_caller(caller: Caller | None) -> None:
    """By the pool, once for its process."""
    _provided[:] = [] if caller is None else [caller]


_provided: list[Caller] = []


def _caller(program: str) -> Caller:
    if not _provided:
        raise outside_of_attempt(program)
    return _provided[0]


def outside_of_attempt(program: str) -> DspexError:
    return DspexError(
        "not_allowed",
        f'"{program}" can be called like this only while a pool answers a request, and in no thread that the '
        "program started by itself; an application calls programs with dspex.connect()",
    )
