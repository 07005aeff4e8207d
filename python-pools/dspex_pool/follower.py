"""Follows the program events of the log, so that a program registered now runs now.

The keeper makes this worker's consumer on request, from the sequence after the last that was folded; after a
reconnection or a gap it is asked to make it again. Work whose version has not arrived yet waits for it here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from nats.errors import Error as NatsError

from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.subjects import (
    LOG_STREAM,
    EventOf,
    follow_setup_subject,
    parse_log_subject,
    program_event_subject,
)
from dspex_pool.bus import Bus
from dspex_pool.delivery import Delivery
from dspex_pool.program_state import ProgramEvent, ProgramState, evolve, find, initial_state
from dspex_pool.puller import Puller
from dspex_pool.reader import Reader

PREFETCH: Final = 512
KEEPER_TIMEOUT_S: Final = 5.0
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 5.0
"""How long work waits for a definition that neither the follower nor the log's last registration shows."""
WAIT_FOR_VERSION_S: Final = 5.0

"""Told of an event that was delivered."""
Listener = Callable[[Delivery], None]

logger = logging.getLogger("dspex.follower")


class _KeeperReply(msgspec.Struct, rename="camel"):
    last_sequence: int = 0
    code: str | None = None
    message: str | None = None


class ProgramFollower:
    def __init__(self, bus: Bus, reader: Reader, pool: str, worker: str) -> None:
        self._bus = bus
        self._reader = reader
        self._role = f"pool-{pool}"
        self._worker = worker
        self._state = initial_state()
        self._changed = asyncio.Event()
        self._puller: Puller | None = None
        self._expected = 1
        self._opening: asyncio.Task[None] | None = None
        self._forget_connection: Callable[[], None] | None = None
        """Sequence of the last event that was folded; what beats report."""
        self.position = 0
        self._listeners: list[Listener] = []

    @property
    def state(self) -> ProgramState:
        return self._state

    def open(self) -> None:
        """Starts in the background: a keeper that is away does not stop the pool."""
        self._forget_connection = self._bus.on_connected(self._reopen)
        self._reopen()

    async def close(self) -> None:
        """A successor under the same name makes the consumer its own: two must not fight over it."""
        if self._forget_connection is not None:
            self._forget_connection()
        if self._opening is not None:
            self._opening.cancel()
        if self._puller is not None:
            await self._puller.close()

    def listen(self, listener: Listener) -> None:
        """Told of every event that this worker follows; before `open`, to miss none."""
        self._listeners.append(listener)

    async def passed(self, sequence: int) -> None:
        """Returns when that event, which this worker follows, has been folded."""
        while self.position < sequence:
            self._changed.clear()
            await self._changed.wait()

    async def definition(self, program: str, version: str) -> ProgramDefinition:
        """Waits a moment for a version that is on its way. @raises DspexError `unknown_version`."""
        found = find(self._state, program, version)
        if found is not None:
            return found
        # The follower may be behind, or its keeper away: the log's last registration is one read away.
        reading = asyncio.get_running_loop().create_task(self._read_last(program))
        try:
            async with asyncio.timeout(WAIT_FOR_VERSION_S):
                while (found := find(self._state, program, version)) is None:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise DspexError(
                "unknown_version", f'program "{program}" has no version "{version}" in the log of this pool'
            ) from None
        finally:
            reading.cancel()
        return found

    def newest_version(self, program: str) -> str | None:
        """As far as this pool has heard."""
        versions = self._state.programs.get(program)
        return next(reversed(versions), None) if versions else None

    async def newest(self, program: str) -> ProgramDefinition:
        """The version registered last. @raises DspexError `unknown_program`."""
        if program not in self._state.programs:
            await self._read_last(program)
        version = self.newest_version(program)
        if version is None:
            raise DspexError("unknown_program", f'program "{program}" is not registered')
        return self._state.programs[program][version]

    async def _read_last(self, program: str) -> None:
        stored = await self._reader.last(LOG_STREAM, program_event_subject(program, "registered"))
        if stored is not None:
            self._fold(stored.subject, stored.data)

    def _reopen(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.get_running_loop().create_task(self._open(), name="follower-open")

    async def _open(self) -> None:
        if self._puller is not None:
            await self._puller.close()
            self._puller = None
        if not await self._ask_keeper():
            return
        self._expected = 1
        # The consumer's name ends in the slot's, as the keeper spells it.
        consumer = f"follow-{self._role}-{self._worker}"
        self._puller = Puller(self._bus, LOG_STREAM, consumer, lambda: PREFETCH, self._on_delivery)
        await self._puller.open()

    async def _ask_keeper(self) -> bool:
        subject = follow_setup_subject(self._role, int(self._worker)) if self._worker.isdigit() else None
        if subject is None:
            logger.warning(
                "worker %s is no number, so no follower: programs are read one by one", self._worker
            )
            return False
        pause_s = FIRST_PAUSE_S
        while True:
            await self._bus.connected.wait()
            try:
                body = msgspec.json.encode({"fromSequence": self.position + 1})
                reply = await self._bus.request(subject, body, KEEPER_TIMEOUT_S)
                answer = msgspec.json.decode(reply.data, type=_KeeperReply)
                if answer.code is None:
                    return True
                logger.warning("the keeper refused the follower: %s %s", answer.code, answer.message)
            except (NatsError, msgspec.DecodeError) as error:
                logger.info("no keeper yet: %s", type(error).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _on_delivery(self, delivery: Delivery) -> None:
        if delivery.consumer_sequence != self._expected:
            logger.warning("follower: gap before %d, following again", delivery.sequence)
            self._reopen()
            return
        self._expected += 1
        self._fold(delivery.subject, delivery.data)
        for listener in self._listeners:
            listener(delivery)
        self.position = delivery.sequence
        self._changed.set()
        if self._puller is not None and self._puller.credit < PREFETCH // 2:
            self._puller.refill()

    def _fold(self, subject: str, data: bytes) -> None:
        match parse_log_subject(subject):
            case EventOf(entity="program", name=str(name), verb=verb):
                self._state = evolve(self._state, ProgramEvent(name, verb, data))
                self._changed.set()
            case _:
                pass
