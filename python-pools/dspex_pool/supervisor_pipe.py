"""Tells the supervisor what this process holds, one JSON line each, so that it can give that back when we
die.

{"warm": true}   a spare has imported everything      {"ready": true, "modules": […]}   work is taken
{"held": "<ack subject>", "sequence": n}              {"released": "<ack subject>"}
{"recycle": "<reason>"}   please replace this process
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Final

import msgspec

MAX_BUFFER_BYTES: Final = 1_048_576

logger = logging.getLogger("dspex.supervisor")


class SupervisorPipe:
    """Without a descriptor it says nothing. Writing never blocks: what does not fit waits, bounded."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd
        self._buffer = bytearray()
        self._flush_soon = False
        self._waiting_to_write = False
        self._on_gone: Callable[[], None] | None = None
        if fd is not None:
            os.set_blocking(fd, False)

    def on_gone(self, told: Callable[[], None]) -> None:
        """Called once when nobody reads any more: a worker without its supervisor has to end."""
        self._on_gone = told

    def warm(self) -> None:
        """Outside the loop: a spare says it before it has one."""
        if self._fd is not None:
            os.write(self._fd, b'{"warm":true}\n')

    def ready(self, modules: list[str]) -> None:
        self._say({"ready": True, "modules": modules})

    def held(self, ack_subject: str, sequence: int) -> None:
        self._say({"held": ack_subject, "sequence": sequence})

    def released(self, ack_subject: str) -> None:
        self._say({"released": ack_subject})

    def recycle(self, reason: str) -> None:
        self._say({"recycle": reason})

    def flush(self) -> None:
        self._flush_soon = False
        if self._fd is None or self._waiting_to_write:
            return
        try:
            while self._buffer:
                del self._buffer[: os.write(self._fd, self._buffer)]
        except BlockingIOError:
            self._waiting_to_write = True
            asyncio.get_running_loop().add_writer(self._fd, self._writable)
        except BrokenPipeError:
            self._gone()

    def _say(self, line: dict[str, Any]) -> None:
        if self._fd is None:
            return
        if len(self._buffer) > MAX_BUFFER_BYTES:
            # What it then does not know of comes back by ack_wait.
            logger.warning("the supervisor does not read, dropping %d bytes", len(self._buffer))
            self._buffer.clear()
        self._buffer += msgspec.json.encode(line) + b"\n"
        if not self._flush_soon:
            self._flush_soon = True
            asyncio.get_running_loop().call_soon(self.flush)

    def _writable(self) -> None:
        if self._fd is not None:
            asyncio.get_running_loop().remove_writer(self._fd)
        self._waiting_to_write = False
        self.flush()

    def _gone(self) -> None:
        self._fd = None
        self._buffer.clear()
        if self._on_gone is not None:
            self._on_gone()
