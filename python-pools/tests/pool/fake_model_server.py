"""A language model that says what a test tells it to, behind OpenAI's chat wire protocol: answers, streams,
faults.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "sk-test-0123456789abcdef"
USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


@dataclass
class Answer:
    """`status` 200 with a message, or a fault. `delay_s` before the first byte, or between a stream's
    pieces.
    """

    text: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay_s: float = 0.0
    piece_characters: int = 4
    tool_calls: list[dict[str, Any]] | None = None


def says(outputs: dict[str, Any], **members: Any) -> Answer:
    return Answer(text=json.dumps(outputs), **members)


def fails(status: int, message: str, code: str | None = None, **headers: str) -> Answer:
    error = {"message": message, "type": "error", "code": code}
    return Answer(status=status, headers=headers, body=json.dumps({"error": error}).encode())


Script = Callable[[dict[str, Any]], Answer]


class FakeModelServer:
    def __init__(self) -> None:
        self.port = 0
        """Called with each request's body; by default every request gets the next of `answers`."""
        self.script: Script = self._next
        self.answers: list[Answer] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def models(self, **changes: Any) -> dict[str, Any]:
        """DSPEX_MODELS with this server as the model `fake`."""
        model = {
            "model": "fake-1",
            "baseUrl": self.base_url,
            "apiKeyEnv": "FAKE_KEY",
            "capabilities": {"responseSchema": True, "tools": True},
            "price": {"inputPerMillionUsd": 1_000_000, "outputPerMillionUsd": 2_000_000},
            "timeoutMs": 30_000,
            **changes,
        }
        others = {"other": {**model, "model": "other-1"}, "hasty": {**model, "timeoutMs": 1_000}}
        return {"default": "fake", "models": {"fake": model, **others}}

    def forget(self) -> None:
        """As if it had just been started."""
        self.script = self._next
        for told in (self.answers, self.requests, self.keys):
            told.clear()

    def _next(self, _: dict[str, Any]) -> Answer:
        return self.answers.pop(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await _head(reader)) is not None:
                headers, length = head
                body = json.loads(await reader.readexactly(length))
                self.requests.append(body)
                self.keys.append(headers.get("authorization", ""))
                await self._answer(writer, body, self.script(body))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, body: dict[str, Any], answer: Answer) -> None:
        if answer.body is None and answer.status == 200 and body.get("stream"):
            await self._stream(writer, body, answer)
            return
        await asyncio.sleep(answer.delay_s)
        payload = answer.body
        if payload is None:
            message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
            if answer.tool_calls is not None:
                message["tool_calls"] = answer.tool_calls
            payload = json.dumps(
                {
                    "id": f"chatcmpl-{len(self.requests)}",
                    "object": "chat.completion",
                    "model": body["model"],
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": USAGE,
                }
            ).encode()
        lines = [f"HTTP/1.1 {answer.status} Status", f"Content-Length: {len(payload)}"]
        lines += ["Content-Type: application/json", *(f"{k}: {v}" for k, v in answer.headers.items())]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
        await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter, body: dict[str, Any], answer: Answer) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        number = len(self.requests)

        def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> None:
            data = {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion.chunk",
                "model": body["model"],
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
                **more,
            }
            _chunk(writer, f"data: {json.dumps(data)}\n\n".encode())

        for at in range(0, len(answer.text), answer.piece_characters):
            event({"content": answer.text[at : at + answer.piece_characters]})
            await writer.drain()
            await asyncio.sleep(answer.delay_s)
        event({}, "stop", usage=USAGE)
        _chunk(writer, b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


async def _head(reader: asyncio.StreamReader) -> tuple[dict[str, str], int] | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = raw.decode().split("\r\n")[1:-2]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return headers, int(headers.get("content-length", "0"))


@asynccontextmanager
async def fake_model_server() -> AsyncIterator[FakeModelServer]:
    fake = FakeModelServer()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None
