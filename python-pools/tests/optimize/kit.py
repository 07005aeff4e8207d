"""Runs an optimisation as the pool's entry does, on a fake model, with trials in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from dspex.config import Models
from dspex.messages import ProgramDefinition
from dspex_pool.attempt_context import AttemptContext, current_attempt
from dspex_pool.blocking import Blocking
from dspex_pool.config import read_config
from dspex_pool.dspy_setup import configure_dspy
from dspex_pool.models import ModelRegistry
from dspex_pool.optimize.entries import OptimizeRunnable
from dspex_pool.optimize.steps import Trial
from dspex_pool.slots import Slots
from dspex_pool.usage import AttemptUsage, Budget
from tests.optimize.fake_label_server import FakeLabelServer, rows, running
from tests.pool.log_kit import program

SIGNATURE = "text: str -> label: Literal['positive', 'negative']"
PREDICT = {
    "kind": "dspy",
    "name": "predict",
    "pool": "general",
    "module": "Predict",
    "temperature": 0,
    "maxTokens": 40,
}
configure_dspy()
METRICS = Path(__file__).parent / "metrics"


class Killed(BaseException):
    """The process ends here."""


class MemoryTrials:
    """What the log keeps: as JSON, so that what comes back is what was stored."""

    def __init__(self) -> None:
        self.events: list[bytes] = []
        """Told before each trial is stored."""
        self.before: Callable[[Trial], None] = lambda _: None
        self.after: Callable[[Trial], None] = lambda _: None

    async def open(self, run: str) -> MemoryTrials:
        return self

    def stored(self) -> list[Trial]:
        return [msgspec.json.decode(event, type=Trial) for event in self.events]

    def append(self, trial: Trial) -> None:
        self.before(trial)
        self.events.append(msgspec.json.encode(trial))
        self.after(trial)


class _Follower:
    def __init__(self, definition: dict[str, Any]) -> None:
        self._definition = msgspec.convert(definition, ProgramDefinition)

    async def definition(self, program: str, version: str) -> ProgramDefinition:
        assert (program, version) == (self._definition.name, self._definition.version)
        return self._definition


class _Artifacts:
    def __init__(self) -> None:
        self.stored: list[bytes] = []

    async def store(self, data: bytes, user: str) -> Any:
        self.stored.append(data)
        return {"$ref": {"bucket": "DSPEX_ARTIFACT", "key": f"{user}/x", "sizeBytes": len(data)}}


class Bench:
    def __init__(self, fake: FakeLabelServer, models: dict[str, Any], definition: dict[str, Any]) -> None:
        self.fake = fake
        self.trials = MemoryTrials()
        self.artifacts = _Artifacts()
        self.definition = definition
        self.attempt: AttemptContext | None = None
        self.deadline_s = 60.0
        configured = msgspec.convert(models, Models)
        config = read_config(
            ["--pool", "optimizer"],
            {"DSPEX_MODELS": msgspec.json.encode(configured).decode(), "DSPEX_METRICS": str(METRICS)},
        )
        self._registry = ModelRegistry(configured, {})
        self._runnable = OptimizeRunnable(
            config,
            self._registry,
            _Follower(definition),  # type: ignore[arg-type]
            self.trials,  # type: ignore[arg-type]
            self.artifacts,  # type: ignore[arg-type]
            Blocking(Slots(2, lambda: None)),
        )

    def close(self) -> None:
        lm = self._registry.lm()
        assert lm is not None
        lm.close()

    async def run(self, **changes: Any) -> dict[str, Any]:
        """The report."""
        self.attempt = AttemptContext(
            user="local",
            request_id="local.o.r1",
            attempt=1,
            work_sequence=1,
            usage=AttemptUsage(self._registry.price, Budget()),
            ends_at=time.time() + self.deadline_s,
        )
        job = {
            "run": "r1",
            "program": self.definition["name"],
            "version": self.definition["version"],
            "rows": rows(80),
            "trials": 5,
            **changes,
        }
        token = current_attempt.set(self.attempt)
        try:
            made = await self._runnable.run(None, {"job": job})
        finally:
            current_attempt.reset(token)
        report: dict[str, Any] = made["report"]
        return report


@contextmanager
def bench(signature: str = SIGNATURE, *implementations: dict[str, Any], logprobs: bool = True) -> Any:
    fake = FakeLabelServer()
    with running(fake) as port:
        definition = program("sentiment", signature, *(implementations or (PREDICT,)))
        made = Bench(fake, fake.models(port, logprobs=logprobs), definition)
        try:
            yield made
        finally:
            made.close()
