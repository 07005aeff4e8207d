"""Keeps the embedded model's server running beside the process that needs it.

async with model_server(port) as companion:
    await companion.wait_ready()
    companion.base_url                      # http://127.0.0.1:<port>/v1, the same over restarts

start ──▶ ready ──▶ ended or silent ──▶ wait (0.2 s doubling to 10 s) ──▶ start
  └── a package is not installed ──▶ given up: wait_ready raises
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dspex_pool.neural.model_server import EXIT_NOT_INSTALLED

MODULE = "dspex_pool.neural.model_server"
PACKAGES_FOLDER = str(Path(__file__).resolve().parents[2])

logger = logging.getLogger("dspex.neural.companion")


class ModelServerUnavailableError(Exception):
    """The server cannot be started at all; trying again would not help."""


@dataclass(frozen=True)
class Backoff:
    first_s: float = 0.2
    longest_s: float = 10.0
    """A server that ran this long starts again from the first delay."""
    settled_s: float = 30.0

    def delay_s(self, failures: int) -> float:
        """Doubling, with a quarter of jitter so that several companions do not move in step."""
        capped: float = min(self.first_s * 2.0 ** min(failures, 30), self.longest_s)
        return capped * random.uniform(0.75, 1.25)  # noqa: S311 (jitter is no secret)


@dataclass(frozen=True)
class HealthCheck:
    every_s: float = 5.0
    timeout_s: float = 10.0
    """This many unanswered checks in a row and the server is killed."""
    tolerated: int = 3


class Companion:
    """One server process and the task that watches it."""

    def __init__(
        self, port: int, arguments: tuple[str, ...], backoff: Backoff, health_check: HealthCheck
    ) -> None:
        self._port = port
        self._arguments = arguments
        self._backoff = backoff
        self._health_check = health_check
        self._ready = asyncio.Event()
        self._given_up: ModelServerUnavailableError | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.restarts = 0
        self.last_error: str | None = None

    @property
    def base_url(self) -> str:
        """Known from the first ready line on, where the port was left to the system."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def ready(self) -> bool:
        return self._ready.is_set() and self._given_up is None

    async def wait_ready(self) -> str:
        """Returns the base URL as soon as the server answers."""
        await self._ready.wait()
        if self._given_up is not None:
            raise self._given_up
        return self.base_url

    async def watch(self) -> None:
        """Start, watch, start again; returns only when starting cannot help."""
        failures = 0
        while True:
            started_at = time.monotonic()
            exit_code = await self._run_once()
            if exit_code == EXIT_NOT_INSTALLED:
                self._given_up = ModelServerUnavailableError(
                    self.last_error or "the embedded model is not installed"
                )
                self._ready.set()
                return
            if time.monotonic() - started_at > self._backoff.settled_s:
                failures = 0
            delay_s = self._backoff.delay_s(failures)
            failures += 1
            self.restarts += 1
            logger.warning(
                "model server ended with %s (%s), again in %.1f s", exit_code, self.last_error, delay_s
            )
            await asyncio.sleep(delay_s)

    async def _run_once(self) -> int:
        environment = {**os.environ, "PYTHONPATH": _python_path()}
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", MODULE, "--port", str(self._port), "--parent-pid", str(os.getpid())),
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        try:
            line = await _first_line(process)
            if line.get("ready") is True:
                self._port = int(line["baseUrl"].rsplit(":", 1)[1].removesuffix("/v1"))
                self.last_error = None
                self._ready.set()
                await self._until_ended_or_silent(process)
            else:
                self.last_error = str(line.get("error", {}).get("message", "no ready line"))
            return await process.wait()
        finally:
            self._ready.clear()
            await _end(process)

    async def _until_ended_or_silent(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.ensure_future(process.wait())
        unanswered = 0
        try:
            while True:
                done, _ = await asyncio.wait({ended}, timeout=self._health_check.every_s)
                if done:
                    return
                unanswered = 0 if await _answers(self._port, self._health_check.timeout_s) else unanswered + 1
                if unanswered >= self._health_check.tolerated:
                    self.last_error = f"no answer to {unanswered} health checks"
                    process.kill()
        finally:
            ended.cancel()


@asynccontextmanager
async def model_server(
    port: int = 0,
    *,
    arguments: tuple[str, ...] = (),
    backoff: Backoff | None = None,
    health_check: HealthCheck | None = None,
) -> AsyncIterator[Companion]:
    """Runs the server for as long as the block lasts; entering does not wait for it to be ready."""
    companion = Companion(port, arguments, backoff or Backoff(), health_check or HealthCheck())
    task = asyncio.create_task(companion.watch(), name="model-server")
    try:
        yield companion
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _python_path() -> str:
    """The child imports this package whatever folder the parent was started in."""
    given = os.environ.get("PYTHONPATH")
    return PACKAGES_FOLDER if not given else os.pathsep.join([PACKAGES_FOLDER, given])


async def _first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    line = b"" if process.stdout is None else await process.stdout.readline()
    try:
        parsed = json.loads(line)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


async def _answers(port: int, timeout_s: float) -> bool:
    """One `GET /health`; a server that is still loading or busy answers too."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                await writer.drain()
                return (await reader.readline()).startswith(b"HTTP/1.1 ")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


async def _end(process: asyncio.subprocess.Process, grace_s: float = 2.0) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
