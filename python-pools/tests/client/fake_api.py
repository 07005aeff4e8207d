"""Plays the services of the API for tests of the client alone: answers a verb with what the test says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from dspex.codec import to_json
from dspex.error_codes import ERROR_CODES
from dspex.errors import DspexError
from tests.kit import settled

# Who serves a verb, where it is not the gateway.
_SERVED_BY = {
    "program": "programs",
    "feedback": "programs",
    "explain": "learning",
    "variable": "variables",
    "session": "sessions",
}

Answer = Callable[[str, bytes, dict[str, str]], Any]


class Pieces(list):
    """A list of `(body, headers)`, sent one after the other."""


class FakeApi:
    def __init__(self, connections: dict[str, NatsClient]) -> None:
        self._connections = connections
        self.calls: list[tuple[str, bytes]] = []

    @property
    def is_connected(self) -> bool:
        return all(connection.is_connected for connection in self._connections.values())

    async def serve(self, verb: str, answer: Answer, *, admin: bool = False) -> None:
        """`verb` as a pattern after the user, e.g. `cancel.>`; `answer` gets verb, body and headers."""
        connection = self._connections[_SERVED_BY.get(verb.split(".")[0], "gateway")]

        async def take(message: Msg) -> None:
            called = message.subject.split(".", 2)[2]
            self.calls.append((called, message.data))
            try:
                said = answer(called, message.data, message.headers or {})
            except DspexError as error:
                number = str(ERROR_CODES[error.code].status)
                found = {"Nats-Service-Error": str(error), "Nats-Service-Error-Code": number}
                said = Pieces([(json.dumps(to_json(error.to_wire())).encode(), found)])
            for body, found in said if isinstance(said, Pieces) else [(json.dumps(said).encode(), None)]:
                await connection.publish(message.reply, body, headers=found)

        await connection.subscribe(f"dspex-{'admin' if admin else 'api'}.*.{verb}", cb=take)
        await settled(connection)


def pieces(*values: Any, end: str = "done", start: int = 0) -> Pieces:
    listed = [(json.dumps(v).encode(), {"Dspex-Index": str(start + n)}) for n, v in enumerate(values)]
    return Pieces([*listed, (b"", {"Dspex-End": end})])
