"""Plays the router for tests of the client alone: takes requests from the log, answers by the program's name.

`echo` succeeds with its inputs as outputs, `fail` fails, `silent` never answers, `late` answers when told to.
"""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from dspex.client.client import Client
from dspex.codec import decode_event, encode_event, to_json
from dspex.errors import DspexError
from dspex.messages import REQUEST_TYPE, RESULT_TYPE, Request, Result, ResultLog, ResultTimings, Usage
from dspex.request_hash import request_hash
from dspex.subjects import LOG_STREAM, ROUTER_REQUESTS_CONSUMER, result_subject
from tests.kit import settled

NEXT = f"$JS.API.CONSUMER.MSG.NEXT.{LOG_STREAM}.{ROUTER_REQUESTS_CONSUMER}"
TIME = "2026-11-24T05:36:00Z"


class FakeRouter:
    def __init__(self, connection: NatsClient) -> None:
        self.connection = connection
        self.seen: list[Msg] = []
        self.answered: list[str] = []
        self.outputs: dict[str, Any] | None = None
        self.version: str | None = None
        self.attempts: list[Any] = []
        self._held: list[tuple[str, str, Request]] = []

    async def start(self) -> FakeRouter:
        inbox = self.connection.new_inbox()
        await self.connection.subscribe(inbox, cb=self._take)
        await self.connection.publish(NEXT, b'{"batch":100000,"expires":60000000000}', reply=inbox)
        await settled(self.connection)
        return self

    def seen_from(self, client: Client) -> list[Msg]:
        """Requests of this connection; the log may give others again that an earlier test left unanswered."""
        sender = client._connection.encode()
        return [message for message in self.seen if sender in message.data]

    async def _take(self, message: Msg) -> None:
        if message.reply == "":
            return
        await self.connection.publish(message.reply, b"+ACK")
        self.seen.append(message)
        program = message.subject.split(".")[3]
        envelope, request = decode_event(Request, message.data)
        assert envelope.type == REQUEST_TYPE
        request_id = request.id or ""
        if program == "late":
            self._held.append((request_id, program, request))
        elif program != "silent":
            await self.answer(request_id, program, request)

    async def answer_held(self) -> None:
        for held in self._held:
            await self.answer(*held)
        self._held.clear()

    async def answer(self, request_id: str, program: str, request: Request) -> None:
        """The first answer to an id is stored, later ones are refused by the log, as in life."""
        options = {k: v for k, v in to_json(request).items() if k not in ("id", "inputs")}
        failed = program == "fail"
        result = Result(
            id=request_id,
            status="failed" if failed else "succeeded",
            outputs=None if failed else (self.outputs or request.inputs),
            error=DspexError("lm_rejected", "no", path="inputs.x").to_wire() if failed else None,
            program=program,
            version=self.version,
            attempts=self.attempts,
            usage=Usage(input_tokens=1, output_tokens=2),
            timings=ResultTimings(queue_ms=0, route_ms=0, run_ms=1, total_ms=1),
            request_hash=request_hash(program, request.inputs, options),
            log=ResultLog(request=len(self.seen), work=[], failures=[]),
        )
        body = encode_event(RESULT_TYPE, "router/fake", request_id, TIME, result)
        await self.connection.publish(
            result_subject(request_id),
            body,
            reply=self.connection.new_inbox(),
            headers={"Nats-Expected-Last-Subject-Sequence": "0"},
        )
        self.answered.append(request_id)
