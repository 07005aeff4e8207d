"""Trials in the log: read back, appended behind the last one, refused to a second worker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dspex.errors import DspexError
from dspex_pool.delivery import Delivery
from dspex_pool.optimize.steps import Trial
from dspex_pool.optimize.trial_log import MAX_RUNS, TrialFold, TrialWriter
from dspex_pool.publisher import PublishRefusedError
from dspex_pool.reader import Stored

SUBJECT = "dspex.event.optimization.r1.trial-finished"
WRONG_LAST = 10_071


def trial(number: int, run: str = "r1") -> Trial:
    return Trial(
        run=run,
        trial=number,
        step="candidate",
        params={"way": "choice"},
        score=0.5,
        scores=[1.0, 0.0],
        spent={},
    )


class FakeLog:
    """A subject with expected sequences, as the server keeps it; what it stores is followed at once."""

    def __init__(self, fold: TrialFold) -> None:
        self.stored: list[Stored] = []
        self.lose_ack = False
        self._fold = fold
        self.passed_until = 0

    async def publish(self, subject: str, data: bytes, headers: dict[str, str]) -> int:
        last = self.stored[-1].sequence if self.stored else 0
        if headers["Nats-Expected-Last-Subject-Sequence"] != str(last):
            raise PublishRefusedError(subject, WRONG_LAST, "wrong last sequence")
        sequence = last + 3
        self.stored.append(Stored(subject, sequence, data))
        self._fold(delivery(subject, data, sequence))
        if self.lose_ack:
            raise PublishRefusedError(subject, WRONG_LAST, "wrong last sequence, of a second try")
        return sequence

    async def last(self, stream: str, subject: str) -> Stored | None:
        assert (stream, subject) == ("DSPEX", SUBJECT)
        return self.stored[-1] if self.stored else None

    async def passed(self, sequence: int) -> None:
        self.passed_until = sequence


def delivery(subject: str, data: bytes, sequence: int) -> Delivery:
    return Delivery(subject, data, {}, "", 1, sequence, sequence, 0.0, 0)


def writer() -> tuple[TrialWriter, FakeLog, TrialFold]:
    fold = TrialFold()
    log: Any = FakeLog(fold)
    return TrialWriter(fold, log, log, log, "pool-optimizer/1"), log, fold


async def test_what_was_appended_is_read_back_by_the_next_worker() -> None:
    trials, log, _ = writer()
    sequence = await trials.append("r1", trial(0), 0)
    await trials.append("r1", trial(1), sequence)
    opened = await trials.open("r1")
    assert opened.stored() == [trial(0), trial(1)]
    assert log.passed_until == log.stored[-1].sequence, "it waits until the last one is folded"
    event = json.loads(log.stored[0].data)
    assert event["type"] == "dspex.optimization.trial-finished.v1"
    assert event["data"]["trial"] == 0


async def test_of_two_workers_one_goes_on() -> None:
    trials, _, _ = writer()
    await trials.append("r1", trial(0), 0)
    with pytest.raises(DspexError, match="another worker goes on") as raised:
        await trials.append("r1", trial(0), 0)
    assert raised.value.code == "conflict"


async def test_ones_own_earlier_try_counts_though_its_acknowledgement_was_lost() -> None:
    trials, log, fold = writer()
    log.lose_ack = True
    assert await trials.append("r1", trial(0), 0) == log.stored[-1].sequence
    assert fold.trials("r1") == [trial(0)]


def test_the_fold_forgets_what_has_ended_and_what_is_long_past() -> None:
    fold = TrialFold()
    for number in range(MAX_RUNS + 1):
        subject = f"dspex.event.optimization.r{number}.trial-finished"
        data = json.dumps(
            {
                "id": "e",
                "source": "s",
                "time": "t",
                "data": {
                    "run": f"r{number}",
                    "trial": 0,
                    "step": "base",
                    "params": {},
                    "score": 1,
                    "scores": [],
                    "spent": {},
                },
            }
        ).encode()
        fold(delivery(subject, data, number + 1))
    assert fold.trials("r0") == []
    assert len(fold.trials("r1")) == 1
    fold(delivery("dspex.event.optimization.r1.finished", b"{}", 99))
    assert fold.trials("r1") == []
    fold(delivery("dspex.event.optimization.r2.trial-finished", b"none of ours", 100))
    assert len(fold.trials("r2")) == 1
    fold(delivery("dspex.event.program.mood.registered", b"{}", 101))
