"""Cancellations that come in the moment in which an answer, or the end of its time, comes too."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError

from dspex.cancellation import ended, heeded
from dspex.client.bus import Bus as ClientBus
from dspex_pool.attempts import Attempts
from dspex_pool.bus import Bus
from dspex_pool.config import NatsSettings
from dspex_pool.delivery import Delivery
from dspex_pool.held import ACK, Held
from dspex_pool.reader import Reader
from tests.pool.log_kit import cloud_event

# ── what loses one ──


async def took_it_for_a_timeout() -> str:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise NatsTimeoutError from None
    return "in time"


async def took_it_for_nothing() -> str:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    return "in time"


@pytest.mark.parametrize("lose", [took_it_for_a_timeout, took_it_for_nothing])
async def test_a_cancellation_that_was_lost_is_raised(lose: Callable[[], Awaitable[str]]) -> None:
    task = asyncio.create_task(heeded(lose()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_one_everything_is_as_it_was() -> None:
    async def fails() -> str:
        raise NatsTimeoutError

    assert await heeded(asyncio.sleep(0, "answer")) == "answer"
    with pytest.raises(NatsTimeoutError):
        await heeded(fails())
    # One that somebody has dealt with before is not raised again.
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(0)
    assert await heeded(asyncio.sleep(0, "answer")) == "answer"
    task.uncancel()


async def test_the_end_of_a_time_limit_around_it_is_one_too() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await heeded(took_it_for_nothing())


async def test_ending_a_task_takes_nothing_from_who_ends_it() -> None:
    started = asyncio.Event()

    async def slow_to_end() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            started.set()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(slow_to_end())
    await asyncio.sleep(0)
    ending = asyncio.create_task(ended(task))
    await started.wait()
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending


async def test_a_task_that_fails_as_it_ends_is_ended() -> None:
    async def fails() -> None:
        raise ValueError("too late to matter")

    done = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await ended(done, asyncio.create_task(asyncio.sleep(60)))
    await ended()


# ── the worker ──


class HeldAnswers(Client):
    """The real client without a server: requests wait until the test answers them."""

    def __init__(self) -> None:
        super().__init__()
        self._resp_sub_prefix = bytearray(b"_INBOX.")
        self.asked = asyncio.Event()

    async def publish(self, *_: Any, **__: Any) -> None:
        self.asked.set()

    def answer(self, headers: dict[str, str]) -> None:
        [waiting] = self._resp_map.values()
        waiting.set_result(Msg(self, subject="_INBOX.1", headers=headers))


def bus_on(client: Client) -> Bus:
    bus = Bus(NatsSettings("nats://none", "u", "p"), "test")
    bus._client = client
    bus.connected.set()
    return bus


async def test_a_request_whose_answer_comes_with_its_cancellation_is_cancelled() -> None:
    client = HeldAnswers()
    task = asyncio.create_task(bus_on(client).request("any", b"", 60))
    await client.asked.wait()
    client.answer({})
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_same_of_an_application() -> None:
    client = HeldAnswers()
    client._status = Client.CONNECTED
    bus = ClientBus()
    bus._nats = client
    bus._connected.set()
    task = asyncio.create_task(bus.request("any", b"", 60))
    await client.asked.wait()
    client.answer({})
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


WORK = {
    "id": "local.c.1",
    "attempt": 1,
    "user": "local",
    "program": "qa",
    "version": "v1",
    "implementation": "predict",
    "settings": {},
    "inputs": {},
    "deadlineAt": "2999-01-01T00:00:00Z",
    "stream": False,
    "variables": {},
    "plan": [],
    "decision": {},
    "requestSequence": 1,
    "requestedAt": "2026-01-01T00:00:00Z",
    "requestHash": "0",
    "routeMs": 0.0,
    "attempts": [],
    "log": {"work": [], "failures": []},
}


class NothingElse:
    """Whatever is asked of it was not to be."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of an attempt that nobody wants")


def attempts_on(client: HeldAnswers) -> Attempts:
    never = cast("Any", NothingElse())
    return Attempts(never, Reader(bus_on(client)), never, never, never, never, never, never)


def delivered(deliveries: int = 1, waited_s: float = 0.0) -> Held:
    work = cloud_event("dspex.work.dispatched.v1", "router/1", WORK)
    ack_subject = "$JS.ACK.x"
    delivery = Delivery("dspex.work.general.any", work, {}, ack_subject, deliveries, 5, 1, 0.0, 0)
    delivery.waited_s = waited_s
    return Held(delivery, own=False)


async def test_work_that_was_cancelled_before_anybody_had_it_is_not_run() -> None:
    client = HeldAnswers()
    handling = asyncio.create_task(attempts_on(client).handle(delivered(waited_s=3.0), lambda _: None))
    await client.asked.wait()
    client.answer({"Nats-Subject": "dspex.result.local.c.1", "Nats-Sequence": "9"})
    assert await handling == ACK


async def test_work_that_is_cancelled_while_its_result_is_looked_for_is_not_run() -> None:
    client, held = HeldAnswers(), delivered(deliveries=2)
    handled = attempts_on(client).handle(held, lambda _: None)
    held.task = asyncio.create_task(_settled(handled))
    await client.asked.wait()
    assert held.request_id == "local.c.1"
    # The log says that there is no result; in the same moment somebody cancels.
    client.answer({"Status": "404"})
    held.cancel("cancelled")
    with pytest.raises(asyncio.CancelledError):
        await held.task


async def _settled(handled: Awaitable[bytes]) -> None:
    await handled
