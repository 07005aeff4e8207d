"""A conversation: programs called one after the other, each with the turns before it as its history. What it
is lives in the log alone, so the same name gives the same session in any process.

    session = client.session("support-17", ttl_ms=3_600_000)
    await session.call("answer", question="…")
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from dspex.client.api import Api
from dspex.client.objects import Objects
from dspex.client.program import Program
from dspex.client.run import Run
from dspex.client.session_answers import (
    SessionContext,
    SessionErasure,
    SessionInfo,
    SessionTurn,
    UserErasure,
)
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.subjects import token

if TYPE_CHECKING:
    from dspex.client.client import Client

# Erasing goes through what the session has, and through the requests of its user since it began.
_ERASE_S = 300.0
_ANSWER_S = 10.0


class Session:
    """Made by `client.session()`."""

    def __init__(
        self, client: Client, api: Api, objects: Objects, session_id: str | None, ttl_ms: int | None
    ) -> None:
        self.id = secrets.token_hex(9) if session_id is None else token(session_id, "session")
        self._client = client
        self._api = api
        self._objects = objects
        self._ttl_ms = ttl_ms
        self._is_opened = False

    async def open(self) -> SessionInfo:
        """Opens it, which the first call or context does by itself; one that is open stays as it is.

        Raises `gone` when it has ended, unless the system is configured to open such again.
        """
        found = decode(SessionInfo, await self._ask("open", {"ttlMs": self._ttl_ms}))
        self._is_opened = True
        return found

    async def call(
        self, program: str | Program, inputs: Mapping[str, Any] | None = None, /, **keywords: Any
    ) -> dict[str, Any]:
        """Outputs of a program within the session; inputs and options as `Program` takes them.

        Raises the result's error when it does not succeed: `gone` when the session has ended.
        """
        run = await self.submit(program, inputs, **keywords)
        return await run.outputs()

    async def submit(
        self, program: str | Program, inputs: Mapping[str, Any] | None = None, /, **keywords: Any
    ) -> Run:
        """Returns when the request is stored. Turns of one session run one after the other, in the order in
        which they come.
        """
        if self._ttl_ms is not None:
            await self._once_opened()
        if "session" in keywords:
            raise DspexError("invalid_inputs", "the session is named by the session", path="session")
        called = self._client.program(program) if isinstance(program, str) else program
        return await called.submit(inputs, session=self.id, **keywords)

    async def info(self) -> SessionInfo:
        """Raises `not_found` while nobody has opened it."""
        return decode(SessionInfo, await self._ask("get"))

    async def context(self) -> SessionContext:
        """The context document, with its version. Raises `not_found`."""
        return decode(SessionContext, await self._ask("context"))

    async def set_context(self, context: Mapping[str, Any], *, expected_version: int | None = None) -> int:
        """Puts another document in the place of the context; returns its version.

        Raises `conflict` when `expected_version` is not the one in force: read it and decide again.
        """
        await self._once_opened()
        answer = await self._ask(
            "set-context", {"context": dict(context), "expectedVersion": expected_version}
        )
        return int(answer["version"])

    def turns(self, *, start: int = 1) -> AsyncGenerator[SessionTurn, None]:
        """Its turns in order from number `start` on, shared ones of a fork first."""
        return self._turns(start, None)

    def at(self, turn: int) -> PastSession:
        """The session as it was after a turn; 0 = before the first."""
        return PastSession(self, turn)

    async def fork(
        self, at: int | None = None, *, name: str | None = None, ttl_ms: int | None = None
    ) -> Session:
        """Another session that goes on from a turn of this one, without `at` from the last.

        Raises `not_found`, `invalid_inputs` for a turn that it has not had.
        """
        wanted = None if name is None else token(name, "session")
        forked = decode(SessionInfo, await self._ask("fork", {"at": at, "ttlMs": ttl_ms, "as": wanted}))
        return Session(self._client, self._api, self._objects, forked.session, None)

    async def close(self, reason: str | None = None) -> SessionInfo:
        """Nothing can be asked in it any more; what it was can still be read."""
        closed = decode(SessionInfo, await self._ask("close", {"reason": reason}))
        self._is_opened = False
        return closed

    async def erase(self) -> SessionErasure:
        """Ends it and erases all that the system holds of it, down to the bytes. Cannot be undone."""
        erased = decode(SessionErasure, await self._ask("erase", timeout_s=_ERASE_S))
        self._is_opened = False
        return erased

    async def _once_opened(self) -> None:
        if not self._is_opened:
            await self.open()

    async def _turns(self, start: int, last: int | None) -> AsyncGenerator[SessionTurn, None]:
        position: int | None = start
        while position is not None and (last is None or position <= last):
            answer = await self._ask("turns", {"from": position})
            for one in answer["turns"]:
                turn = decode(SessionTurn, one)
                if last is not None and turn.turn > last:
                    return
                yield await self._expanded(turn)
            position = answer.get("next")

    async def _expanded(self, turn: SessionTurn) -> SessionTurn:
        inputs, outputs = turn.inputs, turn.outputs
        return msgspec.structs.replace(
            turn,
            inputs=None if inputs is None else await self._objects.expand(inputs),
            outputs=None if outputs is None else await self._objects.expand(outputs),
        )

    async def _ask(
        self, verb: str, body: Mapping[str, Any] | None = None, *, timeout_s: float = _ANSWER_S
    ) -> Any:
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return await self._api.request(f"session.{verb}", {"session": self.id, **given}, timeout_s=timeout_s)


class PastSession:
    """A session as it was after one of its turns."""

    def __init__(self, session: Session, turn: int) -> None:
        self.turn = turn
        self._session = session

    async def context(self) -> SessionContext:
        return decode(SessionContext, await self._session._ask("context", {"turn": self.turn}))

    def turns(self) -> AsyncGenerator[SessionTurn, None]:
        return self._session._turns(1, self.turn)

    async def fork(self, *, name: str | None = None, ttl_ms: int | None = None) -> Session:
        return await self._session.fork(self.turn, name=name, ttl_ms=ttl_ms)


async def erase_user_data(api: Api, user: str) -> UserErasure:
    """See `Client.erase_user_data`."""
    return decode(UserErasure, await api.request("session.erase-user", {"user": user}, timeout_s=_ERASE_S))


async def list_sessions(api: Api, status: str | None) -> AsyncGenerator[SessionInfo, None]:
    """Own sessions by name."""
    body: dict[str, Any] = {} if status is None else {"status": status}
    while True:
        answer = await api.request("session.list", body)
        for one in answer["sessions"]:
            yield decode(SessionInfo, one)
        if answer.get("next") is None:
            return
        body["after"] = answer["next"]
