"""Trials in the log: read back by the worker that goes on with a run, appended by it alone.

follower ─▶ trials by run (bounded)       last trial of the run by direct get ─▶ wait until it is folded
append, expecting the last trial that is known ─▶ refused = another worker has the run
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from time import time
from typing import Final

import msgspec

from dspex import headers as header
from dspex.errors import DspexError
from dspex.subjects import LOG_STREAM, EventOf, optimization_event_subject, parse_log_subject
from dspex_pool.answer import event_id_of
from dspex_pool.delivery import Delivery
from dspex_pool.follower import ProgramFollower
from dspex_pool.optimize.steps import Trial
from dspex_pool.outcome import rfc3339
from dspex_pool.publisher import Publisher, PublishRefusedError, is_wrong_last_sequence
from dspex_pool.reader import Reader

TRIAL_FINISHED: Final = "trial-finished"
TRIAL_TYPE: Final = "dspex.optimization.trial-finished.v1"
"""Runs whose trials are remembered, the latest."""
MAX_RUNS: Final = 64
ENDED: Final = frozenset({"finished", "failed", "cancelled"})

logger = logging.getLogger("dspex.optimize")


class _Event(msgspec.Struct, kw_only=True):
    specversion: str = "1.0"
    id: str
    source: str
    type: str = TRIAL_TYPE
    time: str
    data: Trial


_decoder = msgspec.json.Decoder(_Event)


class TrialFold:
    """Told of everything that this worker follows."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, list[Trial]] = OrderedDict()

    def __call__(self, delivery: Delivery) -> None:
        match parse_log_subject(delivery.subject):
            case EventOf(entity="optimization", name=str(run), verb=verb) if verb == TRIAL_FINISHED:
                try:
                    trial = _decoder.decode(delivery.data).data
                except msgspec.DecodeError as error:
                    logger.warning("trial %d is none of ours: %s", delivery.sequence, error)
                    return
                self._runs.setdefault(run, []).append(trial)
                self._runs.move_to_end(run)
                if len(self._runs) > MAX_RUNS:
                    self._runs.popitem(last=False)
            case EventOf(entity="optimization", name=str(run), verb=verb) if verb in ENDED:
                self._runs.pop(run, None)
            case _:
                pass

    def trials(self, run: str) -> list[Trial]:
        return list(self._runs.get(run, []))


class LoggedTrials:
    """A run's trials for the thread that runs it."""

    def __init__(self, run: str, stored: list[Trial], last_sequence: int, writer: TrialWriter) -> None:
        self._run = run
        self._stored = stored
        self._last = last_sequence
        self._writer = writer
        self._loop = asyncio.get_running_loop()

    def stored(self) -> list[Trial]:
        return self._stored

    def append(self, trial: Trial) -> None:
        appending = self._writer.append(self._run, trial, self._last)
        self._last = asyncio.run_coroutine_threadsafe(appending, self._loop).result()


class TrialWriter:
    def __init__(
        self, fold: TrialFold, follower: ProgramFollower, publisher: Publisher, reader: Reader, source: str
    ) -> None:
        self._fold = fold
        self._follower = follower
        self._publisher = publisher
        self._reader = reader
        self._source = source

    async def open(self, run: str) -> LoggedTrials:
        """With all trials that any worker has stored of the run."""
        last = await self._reader.last(LOG_STREAM, optimization_event_subject(run, TRIAL_FINISHED))
        sequence = 0 if last is None else last.sequence
        await self._follower.passed(sequence)
        return LoggedTrials(run, self._fold.trials(run), sequence, self)

    async def append(self, run: str, trial: Trial, last_sequence: int) -> int:
        """Returns its sequence. @raises DspexError `conflict` when another worker goes on with the run."""
        event = _Event(id=str(uuid.uuid4()), source=self._source, time=rfc3339(time()), data=trial)
        subject = optimization_event_subject(run, TRIAL_FINISHED)
        expected = {header.EXPECTED_LAST_SUBJECT_SEQUENCE: str(last_sequence)}
        try:
            return await self._publisher.publish(subject, msgspec.json.encode(event), expected)
        except PublishRefusedError as refused:
            if not is_wrong_last_sequence(refused):
                raise DspexError("internal", f"the log refused trial {trial.trial}: {refused}") from refused
            stored = await self._reader.last(LOG_STREAM, subject)
            # One's own earlier try, whose acknowledgement was lost.
            if stored is not None and event_id_of(stored.data) == event.id:
                return stored.sequence
            raise DspexError("conflict", f"another worker goes on with run {run}", retryable=False) from None
