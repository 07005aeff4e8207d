"""Runs code that blocks in threads of its own, so that heartbeats never wait for it.

A thread cannot be ended from outside: when its attempt is over (deadline, cancel) it is abandoned, and its
slot is lost until it comes back by itself.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from dspex_pool.slots import Slots

T = TypeVar("T")


class Blocking:
    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        # Never the loop's own executor: DSPy sends every asynchronous call through that one. anyio's threads,
        # because DSPy streams out of them. Tools of one attempt may run beside each other, hence the double.
        self._limiter = CapacityLimiter(slots.total * 2)

    async def run(self, function: Callable[..., T], **arguments: Any) -> T:
        """In a thread, with this task's context variables (DSPy's settings are some)."""
        loop = asyncio.get_running_loop()
        thread = _Thread(loop, self._slots)
        call = functools.partial(thread.run, function, arguments)
        try:
            return await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=self._limiter)
        except asyncio.CancelledError:
            thread.abandon()
            raise


class _Thread:
    """One call in a thread: running, come back, or abandoned while it ran."""

    def __init__(self, loop: asyncio.AbstractEventLoop, slots: Slots) -> None:
        self._loop = loop
        self._slots = slots
        self._lock = threading.Lock()
        self._running = False
        self._abandoned = False

    def run(self, function: Callable[..., T], arguments: dict[str, Any]) -> T:
        with self._lock:
            self._running = True
        try:
            return function(**arguments)
        finally:
            with self._lock:
                self._running = False
                came_back = self._abandoned
            # The loop may be gone when a thread outlives the process's work.
            if came_back and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._slots.regain)

    def abandon(self) -> None:
        with self._lock:
            self._abandoned = self._running
        if self._abandoned:
            self._slots.lose()
