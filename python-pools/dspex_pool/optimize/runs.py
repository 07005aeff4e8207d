"""What runs of the optimizer pool have in common: whose they are, until when, who judges, on which rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from dspex.errors import DspexError
from dspex.signature import Signature, ValuesError, decode_inputs, decode_outputs
from dspex_pool.attempt_context import AttemptContext, running_attempt
from dspex_pool.config import PoolConfig
from dspex_pool.errors import classify
from dspex_pool.models import ModelRegistry
from dspex_pool.optimize.candidates import text_said
from dspex_pool.optimize.job import Budget, Row
from dspex_pool.optimize.metrics import Judge, make_metric
from dspex_pool.optimize.steps import TrialLog

"""Input and output of the pool's entries."""
JOB: Final = "job"
REPORT: Final = "report"
"""Share of the time to the deadline that a run may use: its answer has to be stored as well."""
TIME_SHARE: Final = 0.95
JUDGE_TOKENS: Final = 16


def attempt_of(run: str) -> AttemptContext:
    """Trials are stored under the run's name: nobody writes into another one's. @raises DspexError"""
    attempt = running_attempt()
    if attempt is None:
        raise DspexError("internal", "a run of the optimizer pool runs as an attempt")
    if attempt.request_id != f"{attempt.user}.o.{run}":
        raise DspexError("not_allowed", f"request {attempt.request_id} is not run {run}", path="run")
    return attempt


def within_deadline(budget: Budget, attempt: AttemptContext, log: TrialLog) -> Budget:
    """What is found in time counts; what is under way at the deadline is lost. The time of earlier lives is
    spent as well, so it is added to what this one has left.
    """
    stored = log.stored()
    earlier_ms = int(stored[-1].spent["timeMs"]) if stored else 0
    left_ms = earlier_ms + max(1, int((attempt.ends_at - time.time()) * 1_000 * TIME_SHARE))
    wanted_ms = budget.time_ms
    return msgspec.structs.replace(budget, time_ms=left_ms if wanted_ms is None else min(left_ms, wanted_ms))


def judge_of(
    config: PoolConfig, models: ModelRegistry, metric: str, embeddings: str | None, model: str | None
) -> Judge:
    """`model` is asked by the metric `llm-judge`; None = the default one."""
    return Judge(make_metric(metric, config.metrics, embeddings, _asking(models, model)))


def _asking(models: ModelRegistry, model: str | None) -> Callable[[str], str]:
    def ask(prompt: str) -> str:
        lm = models.lm(model, 0.0, JUDGE_TOKENS)
        if lm is None:
            raise DspexError("lm_rejected", "there are no models: nobody can judge", path="metric")
        try:
            return text_said(lm, prompt)
        except Exception as error:
            raise classify(error) from error

    return ask


def check_rows(rows: Sequence[Row], signature: Signature, program: str, at: str) -> None:
    """`at`: where the caller gave them. @raises DspexError naming the example that does not fit."""
    for number, row in enumerate(rows, start=1):
        try:
            decode_inputs(signature, row.inputs)
            decode_outputs(signature, row.outputs)
        except ValuesError as error:
            raise DspexError(
                "invalid_inputs",
                f"example {number} does not fit {program}: {error}",
                path=f"{at}[{number - 1}]",
            ) from error
