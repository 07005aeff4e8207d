"""A pool's worker process as the supervisor starts it, and what it says on the supervisor's pipe and its
log.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.pool.nats_kit import POOL_USER, NatsKit

PACKAGES = Path(__file__).resolve().parents[2]
WAIT_S = 60.0


class PoolProcess:
    def __init__(self, process: asyncio.subprocess.Process, pipe_fd: int) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []
        self.logged: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._pipe_fd = pipe_fd
        self._reading = [
            asyncio.create_task(self._read_pipe()),
            asyncio.create_task(self._read_log()),
        ]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def held(self) -> dict[str, int]:
        """As the supervisor counts it."""
        held: dict[str, int] = {}
        for line in self.said:
            if "held" in line:
                held[line["held"]] = line["sequence"]
            elif "released" in line:
                held.pop(line["released"], None)
        return held

    async def until(self, what: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        """Waits for something that the process says on its pipe or in its log."""
        try:
            async with asyncio.timeout(timeout_s):
                while not what() and self.process.returncode is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"said {self.said[-5:]}, logged {self.logged[-10:]}") from None

    async def ready(self) -> dict[str, Any]:
        await self.until(lambda: any("ready" in line for line in self.said))
        return next(line for line in self.said if "ready" in line)

    def take(self, worker: str, incarnation: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps({"take": {"worker": worker, "incarnation": incarnation}}).encode()
        )
        self.process.stdin.write(b"\n")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def kill9(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def ended(self, timeout_s: float = WAIT_S) -> int:
        async with asyncio.timeout(timeout_s):
            return await self.process.wait()

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def _read_pipe(self) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._pipe_fd, "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            async for line in reader:
                self.said.append(json.loads(line))
                self._changed.set()
        finally:
            transport.close()
            self._changed.set()

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            try:
                self.logged.append(json.loads(line))
            except ValueError:
                self.logged.append({"level": "raw", "message": line.decode()})
            self._changed.set()


@asynccontextmanager
async def pool_process(
    nats: NatsKit,
    *arguments: str,
    models: dict[str, Any] | None = None,
    environment: dict[str, str] | None = None,
) -> AsyncIterator[PoolProcess]:
    read_fd, write_fd = os.pipe()
    os.set_inheritable(write_fd, True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "dspex_pool", "--pool", "general", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(write_fd,),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PACKAGES),
            "NATS_URL": nats.url,
            "NATS_USER": POOL_USER["user"],
            "NATS_PASSWORD": POOL_USER["password"],
            "DSPEX_SUPERVISOR_FD": str(write_fd),
            "DSPEX_LOG_LEVEL": "debug",
            **({} if models is None else {"DSPEX_MODELS": json.dumps(models)}),
            **(environment or {}),
        },
        limit=4 * 1024 * 1024,
    )
    os.close(write_fd)
    pool = PoolProcess(process, read_fd)
    try:
        yield pool
    finally:
        await pool.close()
