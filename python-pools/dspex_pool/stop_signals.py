"""When to end: SIGTERM, SIGINT, a control message, or the end of the supervisor's pipe. A second signal
hurries.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys


class StopSignals:
    def __init__(self, *, watch_stdin: bool) -> None:
        """`watch_stdin`: the supervisor holds its other end, and its end means that the supervisor is
        gone.
        """
        self.asked = asyncio.Event()
        """Do not wait for what runs."""
        self.now = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)
        if watch_stdin and sys.stdin is not None:
            self._watch(loop, sys.stdin.fileno())

    def drain(self) -> None:
        self.asked.set()

    def _signalled(self) -> None:
        if self.asked.is_set():
            self.now.set()
        self.asked.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        def readable() -> None:
            if not os.read(fd, 4_096):
                loop.remove_reader(fd)
                self.drain()

        try:
            loop.add_reader(fd, readable)
        except (OSError, PermissionError):
            # A file or /dev/null: nobody is at its other end.
            return
