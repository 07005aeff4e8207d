"""Spans as an OTLP receiver gets them: one tree for the attempt, below the router's span, without a prompt in
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.pool.fake_model_server import KEY, fails, fake_model_server, says
from tests.pool.log_kit import Log, dspy, program, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import pool_process

pytestmark = pytest.mark.integration
MODULES = ("--modules", str(Path(__file__).parent / "user_modules"))
SIGNATURE = "question: str -> answer: str"


class Receiver:
    def __init__(self) -> None:
        self.port = 0
        self.spans: list[Any] = []
        self.services: set[str] = set()
        self.raw = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                body = await reader.readexactly(length)
                assert "/v1/traces" in head
                self.raw += body
                export = ExportTraceServiceRequest.FromString(body)
                for resource in export.resource_spans:
                    attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
                    self.services.add(attributes["service.name"])
                    for scope in resource.scope_spans:
                        self.spans.extend(scope.spans)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def named(self, name: str) -> Any:
        return next(span for span in self.spans if span.name == name)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


def attributes(span: Any) -> dict[str, Any]:
    return {
        one.key: one.value.string_value or one.value.int_value or one.value.double_value
        for one in span.attributes
    }


async def test_an_attempt_is_one_tree_below_its_sender(nats_kit: NatsKit, log: Log) -> None:
    async with fake_model_server() as model, receiver() as jaeger:
        environment = {"FAKE_KEY": KEY, "DSPEX_OTLP_ENDPOINT": f"http://127.0.0.1:{jaeger.port}"}
        async with pool_process(nats_kit, *MODULES, models=model.models(), environment=environment) as pool:
            await pool.ready()
            definition = program(
                "agent", SIGNATURE, dspy("ReAct", tools=[{"python": "population"}], temperature=0.25)
            )
            await log.register(definition)
            model.answers = [
                says(
                    {"next_thought": "t", "next_tool_name": "population", "next_tool_args": {"city": "Paris"}}
                ),
                says({"next_thought": "t", "next_tool_name": "finish", "next_tool_args": {}}),
                says({"reasoning": "r", "answer": "secret answer"}),
            ]
            request_id = log.next_id()
            await log.send(work_data(definition, request_id, {"question": "secret question"}, session="s1"))
            event = await log.result_event(request_id)

            failing = program("failing", SIGNATURE, dspy("Predict"))
            await log.register(failing)
            model.answers = [fails(401, f"secret question, {KEY}")]
            await log.run_failing(failing, {"question": "secret question"})
            pool.terminate()
            assert await pool.ended() == 0

    process = jaeger.named("process agent")
    assert process.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert process.parent_span_id.hex() == "b7ad6b7169203331"
    assert [link.span_id.hex() for link in process.links] == ["b7ad6b7169203331"]
    assert event["traceparent"] == f"00-{process.trace_id.hex()}-{process.span_id.hex()}-01"
    known = attributes(process)
    assert known["messaging.system"] == known["messaging.system.name"] == "nats"
    assert known["messaging.destination.name"] == "dspex.work.general.any"
    assert known["messaging.consumer.group.name"] == "work-general-any"
    assert known["dspex.request.id"] == request_id
    assert known["gen_ai.conversation.id"] == "s1"

    agent = jaeger.named("module ReAct")
    assert agent.parent_span_id == process.span_id
    chat = jaeger.named("chat fake-1")
    chat_known = attributes(chat)
    assert chat_known["gen_ai.operation.name"] == "chat"
    assert chat_known["gen_ai.provider.name"] == "openai-compatible"
    assert (chat_known["gen_ai.usage.input_tokens"], chat_known["gen_ai.usage.output_tokens"]) == (11, 5)
    assert chat_known["gen_ai.request.temperature"] == 0.25
    tool = jaeger.named("execute_tool population")
    assert tool.parent_span_id == agent.span_id
    by_id = {span.span_id: span for span in jaeger.spans}
    assert by_id[chat.parent_span_id].name == "module Predict"
    assert jaeger.services == {"dspex-pool-general"}

    failed = jaeger.named("process failing")
    assert failed.status.message == "lm_auth"
    failure = {one.key: one.value.string_value for one in failed.events[0].attributes}
    assert failure.keys() == {"exception.type", "exception.stacktrace"}
    assert failure["exception.type"] == "LMAuthError"
    assert "dspy/clients" in failure["exception.stacktrace"]
    for secret in (b"secret question", b"secret answer", KEY.encode()):
        assert secret not in jaeger.raw
