"""Cancellations that arrive. nats-py takes one, in the moment in which an answer or the end of its time
comes, for just that, and one while it writes out a full buffer for nothing at all: whoever asked would go on
as if nobody had wanted it to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

ASK_AGAIN_S: Final = 1.0

T = TypeVar("T")


async def heeded(awaitable: Awaitable[T]) -> T:
    """What it gives; a cancellation of this task that was lost in it is raised after all."""
    task = asyncio.current_task()
    asked_before = 0 if task is None else task.cancelling()
    try:
        given = await awaitable
    except Exception:
        _heed(task, asked_before)
        raise
    _heed(task, asked_before)
    return given


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancels them; returns when all have ended, however they did. A cancellation of this task is its own."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        # One that is lost all the same is asked for again.
        _, running = await asyncio.wait(running, timeout=ASK_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()


def _heed(task: asyncio.Task[Any] | None, asked_before: int) -> None:
    if task is not None and task.cancelling() > asked_before:
        raise asyncio.CancelledError
