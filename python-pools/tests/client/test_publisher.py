"""The rules of a refused publish, against a bus that refuses as it is told."""

import asyncio
import json
import time
from types import SimpleNamespace

import pytest

from dspex.client import publisher
from dspex.client.bus import NoAnswerError
from dspex.errors import DspexError


class FakeBus:
    """Answers each try with the next of `answers`; the last one again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.bodies = []
        self.is_connected = True
        self.waited = 0

    async def request(self, subject, body, timeout_s, headers):
        self.bodies.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(data=json.dumps(answer).encode())

    async def connected(self, timeout_s):
        self.waited += 1
        self.is_connected = True


ACK = {"stream": "DSPEX", "seq": 7}
FULL = {"error": {"code": 400, "err_code": 10077, "description": "maximum messages exceeded"}}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(publisher, "_FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(publisher, "_LONGEST_WAIT_S", 0.01)


async def store(bus, seconds=60.0):
    return await publisher.store(bus, "dspex.request.local.a", b"body", None, time.monotonic() + seconds)


async def test_stored_at_once():
    assert await store(FakeBus(ACK)) == 7


async def test_the_same_message_again_until_there_is_an_answer():
    bus = FakeBus(NoAnswerError("no responders"), NoAnswerError("timeout"), FULL, ACK)
    assert await store(bus) == 7
    assert bus.bodies == [b"body"] * 4


async def test_disconnected_waits_for_the_connection_and_not_for_a_timer(monkeypatch):
    monkeypatch.setattr(publisher, "_FIRST_WAIT_S", 600)
    bus = FakeBus(NoAnswerError("not connected"), ACK)
    bus.is_connected = False
    async with asyncio.timeout(60):
        assert await store(bus) == 7
    assert bus.waited == 1


async def test_nobody_there_until_the_deadline_is_unavailable():
    with pytest.raises(DspexError) as raised:
        await store(FakeBus(NoAnswerError("no responders")), 0.05)
    assert raised.value.code == "unavailable"


async def test_a_full_log_until_the_deadline_is_overloaded():
    with pytest.raises(DspexError, match="maximum messages exceeded") as raised:
        await store(FakeBus(FULL), 0.05)
    assert raised.value.code == "overloaded"
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": {"code": 400, "err_code": 10071, "description": "wrong last sequence: 1"}}, "internal"),
        ({"error": {"code": 503, "err_code": 10008, "description": "not available"}}, "unavailable"),
        ({"hello": 1}, "internal"),
        ([], "internal"),
    ],
)
async def test_any_other_refusal_fails_at_once(answer, code):
    bus = FakeBus(answer)
    with pytest.raises(DspexError) as raised:
        await store(bus)
    assert raised.value.code == code
    assert len(bus.bodies) == 1
