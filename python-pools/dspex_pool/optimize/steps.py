"""The steps of a run, each measured once: what an earlier life has stored is read, not done again.

step n ─▶ stored already ─▶ as it was      └▶ do it ─▶ store it ─▶ go on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

import msgspec

from dspex.errors import DspexError
from dspex_pool.optimize.candidates import Candidate, Measured
from dspex_pool.optimize.meter import Meter, Spent
from dspex_pool.optimize.metrics import Judge

Kind = Literal["base", "candidate", "validation", "test"]

"""A candidate that the model cannot be asked is worth nothing; the others may be."""
FAILED_CANDIDATE: Final = frozenset({"lm_rejected", "context_window_exceeded", "output_parse_error"})


class Trial(msgspec.Struct, rename="camel", kw_only=True, frozen=True, omit_defaults=True):
    """Data of the event `trial-finished`."""

    run: str
    """Steps count from 0 within their run."""
    trial: int
    step: Kind
    params: dict[str, Any]
    """Only where the parameters alone do not make it again."""
    candidate: dict[str, Any] | None = None
    score: float
    """Of each example, in order; fewer than there are where it was given up."""
    scores: list[float]
    pruned: bool = False
    unanswered: int = 0
    metric_failures: int = 0
    """Why a candidate could not be measured at all."""
    failure: str | None = None
    """Values of variables that no request may have together: nothing was tried."""
    infeasible: bool = False
    """Means of all that is measured besides the score, and the same of each example."""
    objectives: dict[str, float] | None = None
    measures: dict[str, list[float]] | None = None
    """Of the whole run so far."""
    spent: dict[str, Any]


class TrialLog(Protocol):
    """Where trials are stored; blocks."""

    def stored(self) -> list[Trial]: ...

    def append(self, trial: Trial) -> None: ...


class Steps:
    def __init__(self, run: str, log: TrialLog, meter: Meter, judge: Judge) -> None:
        self._run = run
        self._log = log
        self._meter = meter
        self._judge = judge
        self._stored = log.stored()
        self.done: list[Trial] = []
        if self._stored:
            meter.remember(Spent.from_json(self._stored[-1].spent))

    @property
    def resumed(self) -> int:
        """Steps that an earlier life of the run has done."""
        return len(self._stored)

    def step(
        self,
        kind: Kind,
        params: Mapping[str, Any],
        measure: Callable[[], tuple[Measured, Candidate | None]],
    ) -> Trial:
        """@raises DspexError for what ends the run; a candidate that cannot be measured is a trial of 0."""
        number = len(self.done)
        trial = (
            self._stored[number] if number < len(self._stored) else self._do(number, kind, params, measure)
        )
        if trial.step != kind or trial.params != dict(params):
            raise DspexError(
                "conflict",
                f"trial {number} of run {self._run} was another step: the job, its data or the code differ",
            )
        self.done.append(trial)
        return trial

    def _do(
        self,
        number: int,
        kind: Kind,
        params: Mapping[str, Any],
        measure: Callable[[], tuple[Measured, Candidate | None]],
    ) -> Trial:
        failures = self._judge.failures
        failure: str | None = None
        candidate: Candidate | None = None
        try:
            measured, candidate = measure()
        except DspexError as error:
            if kind != "candidate" or error.code not in FAILED_CANDIDATE:
                raise
            measured, failure = Measured((), pruned=True, unanswered=0), str(error)
        self._judge.check()
        objectives = None if measured.loss is None else {"loss": measured.loss}
        trial = Trial(
            run=self._run,
            trial=number,
            step=kind,
            params=dict(params),
            candidate=None if candidate is None else dict(candidate),
            score=measured.mean,
            scores=list(measured.scores),
            pruned=measured.pruned,
            unanswered=measured.unanswered,
            metric_failures=self._judge.failures - failures,
            failure=failure,
            objectives=objectives,
            measures=measured.measures if kind == "candidate" else None,
            spent=self._meter.spent().to_json(),
        )
        self._log.append(trial)
        return trial
