"""The loop's threads, without the way there and back for what is shorter than that.

DSPy takes two steps of each model call in a thread: it prepares the request, for which it may have to read a
local picture, and prices the answer, for which it may have to load the list of prices. Mostly there is no
picture, and the list is loaded by the time a model of the list has answered.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

from dspy.clients.execution import _price_result, prepare

P = ParamSpec("P")
T = TypeVar("T")

_AT_ONCE: Final = frozenset([prepare, _price_result])


class LoopExecutor(ThreadPoolExecutor):
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if not _is_short(fn):
            return super().submit(fn, *args, **kwargs)
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _is_short(function: Callable[..., Any]) -> bool:
    """`asyncio.to_thread` hands over `partial(context.run, function, …)`."""
    return isinstance(function, functools.partial) and bool(function.args) and function.args[0] in _AT_ONCE
