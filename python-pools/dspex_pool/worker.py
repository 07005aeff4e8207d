"""What this process holds: taken as there is room for it, kept in progress, settled once it is answered.

delivery ─▶ held (the supervisor is told) ─▶ Attempts ─▶ ack ─▶ released
              └ every 2 s: in progress
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final

from dspex.messages import CreditControl
from dspex.subjects import LOG_STREAM, work_consumer
from dspex_pool.answer import Place
from dspex_pool.attempts import Attempts
from dspex_pool.bus import Bus
from dspex_pool.delivery import Delivery
from dspex_pool.held import ACK, IN_PROGRESS, NAK, CancelReason, Held
from dspex_pool.publisher import Publisher
from dspex_pool.puller import Puller
from dspex_pool.slots import Slots
from dspex_pool.supervisor_pipe import SupervisorPipe

"""ack_wait of the work consumers is 5 s."""
IN_PROGRESS_EVERY_S: Final = 2.0
"""Answers on their way to the log, above which no more work is taken."""
MAX_PUBLISHING: Final = 192
"""Sequences of which it is remembered that they are settled."""
MAX_SETTLED: Final = 4_096

logger = logging.getLogger("dspex.worker")


class Worker:
    def __init__(
        self,
        bus: Bus,
        publisher: Publisher,
        attempts: Attempts,
        pipe: SupervisorPipe,
        slots: Slots,
        place: Place,
    ) -> None:
        self._bus = bus
        self._publisher = publisher
        self._attempts = attempts
        self._pipe = pipe
        self._slots = slots
        self._held: dict[int, Held] = {}
        # A server that was killed may not remember that it had delivered what we have since answered.
        self._settled: OrderedDict[int, bytes] = OrderedDict()
        # What of it waits for a slot or has one; the rest is on its way to the log.
        self._active = 0
        self._own_active = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._ticking: asyncio.Task[None] | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self.draining = False
        pool, worker = place.pool, place.worker
        self._pullers = (
            Puller(bus, LOG_STREAM, work_consumer(pool), self._room, self._take),
            Puller(bus, LOG_STREAM, work_consumer(pool, worker), self._own_room, self._take_own),
        )

    async def open(self) -> None:
        self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="in-progress")
        for puller in self._pullers:
            await puller.open()

    def refill(self) -> None:
        for puller in self._pullers:
            puller.refill()

    async def drain(self) -> None:
        """Takes nothing more; returns when everything held is answered and acknowledged."""
        self.draining = True
        for puller in self._pullers:
            await puller.close()
        await self._empty.wait()
        if self._ticking is not None:
            self._ticking.cancel()

    async def give_back(self) -> None:
        """Everything held goes to another worker at once."""
        self.draining = True
        for held in list(self._held.values()):
            held.give_back()
            await self._bus.publish(held.delivery.ack_subject, NAK)

    def cancel(self, request_id: str, reason: CancelReason) -> None:
        for held in self._held.values():
            if held.request_id == request_id:
                held.cancel(reason)

    def give_credit(self, credit: CreditControl) -> None:
        """A reader of a stream tells what it has room for."""
        for held in self._held.values():
            if held.request_id == credit.id and held.chunks is not None:
                held.chunks.hear(credit)

    def _room(self) -> int:
        if self.draining or self._publisher.in_flight > MAX_PUBLISHING:
            return 0
        return max(0, self._slots.usable - self._active)

    def _own_room(self) -> int:
        """Work addressed to this worker is nobody else's: it may wait here while others' work runs."""
        if self.draining or self._publisher.in_flight > MAX_PUBLISHING:
            return 0
        return max(0, self._slots.usable - self._own_active)

    def _take(self, delivery: Delivery) -> None:
        self._hold(delivery, own=False)

    def _take_own(self, delivery: Delivery) -> None:
        self._hold(delivery, own=True)

    def _hold(self, delivery: Delivery, *, own: bool) -> None:
        known = self._held.get(delivery.sequence)
        if known is not None:
            # Given back to the consumer while the connection was away, and still ours: it has a newer name.
            self._pipe.released(known.delivery.ack_subject)
            known.delivery.ack_subject = delivery.ack_subject
            self._pipe.held(delivery.ack_subject, delivery.sequence)
            return
        answer = self._settled.get(delivery.sequence, NAK if self.draining else None)
        if answer is not None:
            self._answer(delivery, answer)
            return
        self._pipe.held(delivery.ack_subject, delivery.sequence)
        held = Held(delivery, own)
        self._held[delivery.sequence] = held
        self._empty.clear()
        self._active += 1
        self._own_active += own
        held.task = asyncio.get_running_loop().create_task(self._handle(held))

    def _answer(self, delivery: Delivery, answer: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._bus.publish(delivery.ack_subject, answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _handle(self, held: Held) -> None:
        delivery = held.delivery
        settle: bytes | None = ACK
        try:
            settle = await self._attempts.handle(held, self._over)
        except asyncio.CancelledError:
            if held.cancelled is None:
                settle = None
        except Exception:
            # Not the attempt's error, which is reported, but ours: the message comes back by ack_wait.
            logger.exception("work %d could not be settled", delivery.sequence)
            settle = None
        if held.stage != "publishing":
            self._over(held)
        if held.chunks is not None:
            held.chunks.abandon()
        if settle is not None:
            self._settled[delivery.sequence] = settle
            if len(self._settled) > MAX_SETTLED:
                self._settled.popitem(last=False)
            await self._bus.publish(delivery.ack_subject, settle)
        del self._held[delivery.sequence]
        self._pipe.released(delivery.ack_subject)
        if not self._held:
            self._empty.set()

    def _over(self, held: Held) -> None:
        """It needs no slot any more."""
        held.stage = "publishing"
        self._active -= 1
        self._own_active -= held.own
        self.refill()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(IN_PROGRESS_EVERY_S)
            if self._bus.connected.is_set():
                for held in list(self._held.values()):
                    await self._bus.publish(held.delivery.ack_subject, IN_PROGRESS)
