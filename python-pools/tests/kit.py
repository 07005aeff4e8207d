"""A real nats-server with the generated configuration and the keeper's streams, for tests.

with start_nats() as nats:
    router = await nats.connect_as("router")
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client as NatsClient

ROOT = Path(__file__).parents[2]
_PROCESS = Path(__file__).parent / "nats-process.ts"
_TIMEOUT_S = 60.0


class TestNats:
    __test__ = False

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        about = self._line()
        self.url: str = about["url"]
        self.home = Path(about["home"])
        self.credentials: dict[str, Any] = about["credentials"]

    def login(self, who: str) -> dict[str, str]:
        """`user` and `password` of a role or an application user."""
        if self._is_role(who):
            part = self.credentials["parts"][who]
            return {"user": part["user"], "password": part["password"]}
        user = next(user for user in self.credentials["users"] if user["name"] == who)
        return {"user": user["name"], "password": user["password"]}

    async def connect_as(self, who: str) -> NatsClient:
        """A connection of a role, with its inbox prefix, or of an application user. The caller closes it."""
        return await nats.connect(
            self.url,
            **self.login(who),
            inbox_prefix=f"_INBOX_{who}" if self._is_role(who) else "_INBOX",
            reconnect_time_wait=0.05,
            max_reconnect_attempts=-1,
            error_cb=_report,
        )

    def kill9(self) -> None:
        """Ends the server like a power switch would end its process."""
        self._command("kill9")

    def restart(self) -> None:
        """Starts it again on the same home and port."""
        self._command("restart")

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(_TIMEOUT_S)
        self._process.stdout.close()

    def _is_role(self, who: str) -> bool:
        return who in self.credentials["parts"]

    def _command(self, command: str) -> None:
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()
        assert self._line() == {"done": command}

    def _line(self) -> Any:
        line = self._process.stdout.readline()
        if line == b"":
            raise RuntimeError("the test's nats process ended; its reason is on stderr")
        return json.loads(line)


@contextmanager
def start_nats(*users: str) -> Iterator[TestNats]:
    """`users` besides `local`."""
    node = ROOT / "node_modules" / ".bin" / "node"
    command = [str(node), str(_PROCESS), *users]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    server = TestNats(process)
    try:
        yield server
    finally:
        server.close()


async def _report(error: Exception) -> None:
    """Tests cut connections on purpose; what a callback of a test raises must be seen."""
    if not isinstance(error, (nats.errors.Error, OSError)):
        traceback.print_exception(error)


async def settled(connection: NatsClient) -> None:
    """Returns when the server has all that was sent: the first PING of nats-py overtakes what is buffered."""
    await connection.flush()
    await connection.flush()


async def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Returns when `condition()` is true."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)
